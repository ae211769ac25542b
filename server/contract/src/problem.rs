//! Errors as RFC 9457 problem details, and the one table of their codes.
//!
//! A code never changes its meaning. The API answers with it, the site shows its sentence beside the field
//! it belongs to, and the developers' page prints this very table.

use serde::{Deserialize, Serialize};

/// The media type of a problem (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Where the code is documented.
    #[serde(rename = "type")]
    pub type_: String,
    /// The same for every problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code: programs decide by this.
    pub code: String,
    /// What is wrong this time, for a person.
    pub detail: String,
    /// Names this request in our logs.
    pub request_id: String,
    /// What is wrong with single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// The field, as a JSON pointer (RFC 6901).
    #[cfg_attr(feature = "openapi", schema(example = "/to"))]
    pub pointer: String,
    /// A stable code of the same table.
    pub code: String,
    /// For a person.
    pub detail: String,
}

macro_rules! problems {
    ($($variant:ident, $code:literal, $status:literal, $title:literal;)*) => {
        /// Every way in which a request can fail.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $($variant),* }

        impl ProblemCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable code, as it stands in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// One sentence that a customer understands.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// Compares whole codes, and costs the browser less than a table of its own.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|problem| problem.as_str() == code)
            }
        }
    };
}

problems! {
    // The request itself
    BodyMalformed, "body_malformed", 400, "The body of the request could not be read.";
    FieldMissing, "field_missing", 400, "A field is missing.";
    FieldUnknown, "field_unknown", 400, "There is no such field.";
    FieldDuplicate, "field_duplicate", 400, "A field is given more than once.";
    FieldType, "field_type", 400, "A field has the wrong type.";
    BodyTooLarge, "body_too_large", 413, "The body of the request is too large.";
    ContentTypeUnsupported, "content_type_unsupported", 415, "This endpoint does not take this content type.";
    CursorInvalid, "cursor_invalid", 400, "The cursor is not valid for this list.";
    ParameterInvalid, "parameter_invalid", 400, "A parameter of the query is not valid.";
    ValidationFailed, "validation_failed", 422, "Something in the form needs your attention.";
    NotFound, "not_found", 404, "There is nothing at this address.";
    MethodNotAllowed, "method_not_allowed", 405, "This address does not take this method.";
    RateLimited, "rate_limited", 429, "Too many requests. Please wait a moment.";
    CrossOrigin, "cross_origin", 403, "The request came from another site and was refused.";
    // Single fields
    Required, "required", 422, "Please fill this in.";
    TooLong, "too_long", 422, "This is too long.";
    CharacterInvalid, "character_invalid", 422, "This has a character that cannot be printed.";
    EmailInvalid, "email_invalid", 422, "This is not an e-mail address.";
    PasswordTooShort, "password_too_short", 422, "Please use at least 8 characters.";
    PasswordTooCommon, "password_too_common", 422, "This password is too easy to guess.";
    PasswordWrong, "password_wrong", 422, "This is not your current password.";
    // Accounts
    Unauthenticated, "unauthenticated", 401, "Please sign in.";
    CredentialsInvalid, "credentials_invalid", 401, "E-mail address and password do not match.";
    EmailTaken, "email_taken", 409, "There is already an account with this e-mail address.";
    EmailUnconfirmed, "email_unconfirmed", 403, "Please confirm your e-mail address first.";
    TokenInvalid, "token_invalid", 422, "This link has been used or has expired.";
    // Documents
    DocumentEmpty, "document_empty", 422, "The file is empty.";
    DocumentNoPages, "document_no_pages", 422, "The document has no pages.";
    DocumentUnreadable, "document_unreadable", 422, "The file is damaged and cannot be read.";
    DocumentEncrypted, "document_encrypted", 422, "The document is protected by a password.";
    DocumentTypeUnsupported, "document_type_unsupported", 422, "This type of file cannot be faxed. PDF, PNG, JPEG, TIFF, plain text and office documents can.";
    DocumentTypeUnavailable, "document_type_unavailable", 422, "Office documents cannot be converted here. Please save the document as PDF and choose that.";
    DocumentTooLarge, "document_too_large", 413, "The files are larger than 50 MB.";
    DocumentTooManyPages, "document_too_many_pages", 422, "The document has more than 200 pages.";
    DocumentTooManyFiles, "document_too_many_files", 422, "More than 20 files cannot be sent as one fax.";
    DocumentImageTooLarge, "document_image_too_large", 422, "An image has too many pixels.";
    DocumentTooComplex, "document_too_complex", 422, "Making pages of the document takes more time or memory than one document is given.";
    DocumentInUse, "document_in_use", 409, "The document belongs to a fax that is under way.";
    // Numbers
    NumberInvalid, "number_invalid", 422, "This is not a fax number.";
    NumberNoCountry, "number_no_country", 422, "Please write the number with its country code, as in +1 212 555 0100.";
    NumberExtension, "number_extension", 422, "Numbers with an extension cannot be dialed.";
    NumberEmergency, "number_emergency", 422, "Emergency numbers cannot be faxed.";
    NumberShort, "number_short", 422, "Short codes cannot be faxed.";
    NumberPremium, "number_premium", 422, "Premium-rate numbers cannot be faxed.";
    NumberOwn, "number_own", 422, "This is one of our own numbers.";
    DestinationUnsupported, "destination_unsupported", 422, "We do not send to this country.";
    // Money
    CreditInsufficient, "credit_insufficient", 402, "Your credits do not cover this fax.";
    PackageUnknown, "package_unknown", 422, "There is no such package.";
    CardInvalid, "card_invalid", 422, "The sandbox takes only its test cards.";
    CardDeclined, "card_declined", 402, "The card was declined. No money was taken.";
    CheckoutNotPayable, "checkout_not_payable", 409, "This purchase has already been decided.";
    PaymentUnavailable, "payment_unavailable", 500, "The payment provider does not answer. No money was taken; please try again in a minute.";
    SignatureInvalid, "signature_invalid", 400, "The signature does not belong to this message.";
    // Faxes
    QuoteExpired, "quote_expired", 409, "The price has expired. Please ask for a new one.";
    FaxNotCancelable, "fax_not_cancelable", 409, "The fax can no longer be canceled.";
    FaxNotFinished, "fax_not_finished", 409, "The fax is still under way.";
    IdempotencyKeyMissing, "idempotency_key_missing", 400, "The Idempotency-Key header is missing.";
    IdempotencyKeyInvalid, "idempotency_key_invalid", 400, "The Idempotency-Key must have 1 to 255 printable characters.";
    IdempotencyKeyReuse, "idempotency_key_reuse", 409, "This Idempotency-Key was used for another request.";
    IdempotencyKeyInProgress, "idempotency_key_in_progress", 409, "A request with this Idempotency-Key is still running.";
    // Us
    Internal, "internal", 500, "Something went wrong on our side.";
    Unavailable, "unavailable", 500, "The service is not available for the moment.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_problem_is_hidden_by_a_page_of_the_distribution() {
        // At 502, 503 and 504 CloudFront shows the page for a renderer that fails, in place of what the API says.
        for code in ProblemCode::ALL {
            assert!(!(502..=504).contains(&code.status()), "{}", code.as_str());
        }
    }

    #[test]
    fn a_code_is_found_by_its_text() {
        for code in ProblemCode::ALL {
            assert_eq!(ProblemCode::parse(code.as_str()), Some(*code));
        }
        assert_eq!(ProblemCode::parse("no_such_code"), None);
    }
}
