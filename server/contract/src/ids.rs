//! Identifiers: a prefix that says what is named, and a ULID that sorts by time of creation.
//!
//! They are parsed once, where a request comes in; an identifier that does not parse names nothing, so
//! the answer to it is the same as to one that is unknown.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text was not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an identifier of this kind")
    }
}

impl std::error::Error for InvalidId {}

const ULID_LENGTH: usize = 26;

fn is_ulid(text: &str) -> bool {
    text.len() == ULID_LENGTH
        && text.bytes().all(|byte| {
            byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'L' | b'O' | b'U'))
        })
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every identifier of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The identifier made of this kind's prefix and `ulid` (26 characters of Crockford's base 32).
            pub fn from_ulid(ulid: &str) -> Result<Self, InvalidId> {
                if is_ulid(ulid) { Ok(Self(format!("{}{ulid}", Self::PREFIX))) } else { Err(InvalidId) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::from_ulid(text.strip_prefix(Self::PREFIX).ok_or(InvalidId)?)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// A customer's account.
    AccountId = "acc_";
    /// An uploaded document, already made into fax pages.
    DocumentId = "doc_";
    /// A price offered for one document to one number.
    QuoteId = "quo_";
    /// One document to one number, with all its attempts.
    FaxId = "fax_";
    /// One call to the far machine.
    AttemptId = "att_";
    /// A fax that came in on one of our numbers.
    ReceivedFaxId = "rcv_";
    /// One purchase of credits.
    CheckoutId = "chk_";
    /// One line of the statement of account.
    TransactionId = "txn_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_its_prefix_and_a_ulid() {
        let id: FaxId = "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2".parse().unwrap();
        assert_eq!(id.as_str(), "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2");
    }

    #[test]
    fn another_prefix_another_length_or_another_alphabet_is_refused() {
        for text in [
            "doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
            "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X",
            "fax_01kat5w8z3m4q6r7s8t9v0w1x2",
            "fax_01KAT5W8Z3M4Q6R7S8T9V0W1IL",
            "",
        ] {
            assert_eq!(text.parse::<FaxId>(), Err(InvalidId), "{text}");
        }
    }
}
