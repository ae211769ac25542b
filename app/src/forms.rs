//! What a form's answer says in the query: `?error=<field>:<code>` (an empty field is the form itself),
//! `?notice=<name>`, and harmless values to fill in again.
//!
//! Only codes of the contract and names of [`Notice`] are shown, so a link cannot put words into the page.

use faxdroid_contract::problem::ProblemCode;

/// Something that went well, named in the query of the page that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    SignedUp,
    SignedOut,
    ConfirmationSent,
    EmailConfirmed,
    ResetSent,
    PasswordReset,
    PasswordChanged,
    SenderSaved,
    FaxCreated,
    FaxCanceled,
    Paid,
    PaymentNoted,
    DocumentDeleted,
    ReceivedFaxDeleted,
}

impl Notice {
    const ALL: [Self; 14] = [
        Self::SignedUp,
        Self::SignedOut,
        Self::ConfirmationSent,
        Self::EmailConfirmed,
        Self::ResetSent,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::SenderSaved,
        Self::FaxCreated,
        Self::FaxCanceled,
        Self::Paid,
        Self::PaymentNoted,
        Self::DocumentDeleted,
        Self::ReceivedFaxDeleted,
    ];

    /// As it stands in the query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedUp => "signed_up",
            Self::SignedOut => "signed_out",
            Self::ConfirmationSent => "confirmation_sent",
            Self::EmailConfirmed => "email_confirmed",
            Self::ResetSent => "reset_sent",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::SenderSaved => "sender_saved",
            Self::FaxCreated => "fax_created",
            Self::FaxCanceled => "fax_canceled",
            Self::Paid => "paid",
            Self::PaymentNoted => "payment_noted",
            Self::DocumentDeleted => "document_deleted",
            Self::ReceivedFaxDeleted => "received_fax_deleted",
        }
    }

    /// One sentence for the customer.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::SignedUp => {
                "Your account is open. We have sent you an e-mail: please follow its link to confirm your address."
            }
            Self::SignedOut => "You have signed out.",
            Self::ConfirmationSent => "We have sent you a new link to confirm your e-mail address.",
            Self::EmailConfirmed => "Your e-mail address is confirmed. You can send faxes now.",
            Self::ResetSent => {
                "If there is an account with this address, a link to set a new password is on its way to it."
            }
            Self::PasswordReset => "Your new password is set. Please sign in with it.",
            Self::PasswordChanged => "Your password is changed. Your other sessions have ended.",
            Self::SenderSaved => "Your sender line is saved.",
            Self::FaxCreated => "Your fax is accepted.",
            Self::FaxCanceled => "The fax is canceled and its price is back on your balance.",
            Self::Paid => "Your credits are on your balance.",
            Self::PaymentNoted => "Thank you. Your credits appear as soon as the payment is confirmed.",
            Self::DocumentDeleted => "The document is deleted.",
            Self::ReceivedFaxDeleted => "The fax and its pages are deleted.",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.as_str() == name)
    }
}

/// What is wrong with one field, or with the form where `field` is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub code: ProblemCode,
}

impl FieldError {
    /// From `<field>:<code>`; `None` when the code is not in the table.
    pub fn parse(text: &str) -> Option<Self> {
        let (field, code) = text.split_once(':')?;
        Some(Self { field: field.trim_start_matches('/').to_owned(), code: ProblemCode::parse(code)? })
    }
}

/// The answer to a form, as the query of the page says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormState {
    pub errors: Vec<FieldError>,
    pub notice: Option<Notice>,
    values: Vec<(String, String)>,
}

impl FormState {
    /// From the pairs of a query string.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut state = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "error" => state.errors.extend(FieldError::parse(&value)),
                "notice" => state.notice = Notice::parse(&value),
                _ => state.values.push((name, value)),
            }
        }
        state
    }

    /// The sentence to show beside the field.
    pub fn error_of(&self, field: &str) -> Option<&'static str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.code.title())
    }

    /// What the query says of `name`; empty when it says nothing.
    pub fn value(&self, name: &str) -> String {
        self.values.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// `next` when it is a path of this site, so that a link to the sign-in page cannot lead elsewhere.
pub fn local_path(next: &str) -> Option<&str> {
    let local = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r', '\t']);
    local.then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(pairs: &[(&str, &str)]) -> FormState {
        FormState::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn each_error_stands_beside_its_field() {
        let form = state(&[
            ("error", "email:email_invalid"),
            ("error", "password:password_too_short"),
            ("email", "nobody"),
        ]);
        assert_eq!(form.error_of("email"), Some("This is not an e-mail address."));
        assert_eq!(form.error_of("password"), Some("Please use at least 8 characters."));
        assert_eq!(form.error_of(""), None);
        assert_eq!(form.value("email"), "nobody");
    }

    #[test]
    fn an_error_without_a_field_belongs_to_the_form() {
        let form = state(&[("error", ":credentials_invalid")]);
        assert_eq!(form.error_of(""), Some("E-mail address and password do not match."));
    }

    #[test]
    fn unknown_codes_and_notices_are_not_shown() {
        let form =
            state(&[("error", "email:you_have_won"), ("error", "email"), ("notice", "call_this_number")]);
        assert_eq!(form, FormState::default());
    }

    #[test]
    fn every_notice_is_found_by_its_name() {
        for notice in Notice::ALL {
            assert_eq!(Notice::parse(notice.as_str()), Some(notice));
        }
    }

    #[test]
    fn the_way_back_after_signing_in_stays_on_this_site() {
        assert_eq!(local_path("/faxes?status=failed"), Some("/faxes?status=failed"));
        for elsewhere in ["https://example.com", "//example.com", "/\\example.com", "faxes", ""] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere}");
        }
    }
}
