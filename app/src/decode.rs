//! The contract's types, read from JSON as the server writes them. Tests hold each of them against serde.

use std::str::FromStr;

use faxdroid_contract::accounts::Me;
use faxdroid_contract::calling_hours::CallingHours;
use faxdroid_contract::credits::{Checkout, CheckoutStatus, Transaction, TransactionKind};
use faxdroid_contract::documents::{Document, Resolution};
use faxdroid_contract::faxes::{Attempt, AttemptOutcome, Fax, FaxStatus, FaxSummary};
use faxdroid_contract::ids::{AccountId, AttemptId, CheckoutId, DocumentId, FaxId, QuoteId, TransactionId};
use faxdroid_contract::listing::Page;
use faxdroid_contract::money::Money;
use faxdroid_contract::problem::{FieldProblem, Problem};
use faxdroid_contract::quotes::{Destination, Quote};

use crate::json::Json;

/// Can be read from an answer.
pub(crate) trait Decode: Sized {
    /// `None` when it is something else.
    fn decode(json: &Json) -> Option<Self>;
}

impl Json {
    fn field<T: Decode>(&self, name: &str) -> Option<T> {
        T::decode(self.get(name)?)
    }
}

impl Decode for String {
    fn decode(json: &Json) -> Option<Self> {
        if let Json::Text(text) = json { Some(text.clone()) } else { None }
    }
}

impl Decode for i64 {
    fn decode(json: &Json) -> Option<Self> {
        if let Json::Number(number) = json { Some(*number) } else { None }
    }
}

impl Decode for u32 {
    fn decode(json: &Json) -> Option<Self> {
        i64::decode(json)?.try_into().ok()
    }
}

impl Decode for u64 {
    fn decode(json: &Json) -> Option<Self> {
        i64::decode(json)?.try_into().ok()
    }
}

impl Decode for bool {
    fn decode(json: &Json) -> Option<Self> {
        if let Json::Flag(flag) = json { Some(*flag) } else { None }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(json: &Json) -> Option<Self> {
        if let Json::List(items) = json { items.iter().map(T::decode).collect() } else { None }
    }
}

fn parse<T: FromStr>(json: &Json) -> Option<T> {
    if let Json::Text(text) = json { text.parse().ok() } else { None }
}

macro_rules! parsed {
    ($($id:ty)*) => {$(
        impl Decode for $id {
            fn decode(json: &Json) -> Option<Self> {
                parse(json)
            }
        }
    )*};
}

parsed! { AccountId AttemptId CallingHours CheckoutId DocumentId FaxId QuoteId TransactionId }

macro_rules! named {
    ($($name:ty)*) => {$(
        impl Decode for $name {
            fn decode(json: &Json) -> Option<Self> {
                if let Json::Text(text) = json { Self::parse(text) } else { None }
            }
        }
    )*};
}

named! { AttemptOutcome CheckoutStatus FaxStatus TransactionKind }

macro_rules! objects {
    ($($name:ident { $($field:ident),* $(? $optional:ident)* })*) => {$(
        impl Decode for $name {
            fn decode(json: &Json) -> Option<Self> {
                Some(Self {
                    $($field: json.field(stringify!($field))?,)*
                    $($optional: json.field(stringify!($optional)),)*
                })
            }
        }
    )*};
}

objects! {
    Me { id, email, email_confirmed, sender_name, sender_number, balance, created_at }
    Document { id, name, files, pages, created_at ? expires_at }
    Destination { country, name, page_multiplier }
    Quote { id, document_id, to, to_display, destination, resolution, pages, billable_pages, price, estimated_seconds, expires_at ? calling_hours }
    Fax {
        id, status, document_id, document_name, to, to_display, destination, resolution, pages, price, version, attempts,
        max_attempts, estimated_seconds, created_at ? calling_hours ? next_attempt_at ? completed_at
    }
    Attempt {
        id, number, started_at, first_page, pages_confirmed ? ended_at ? outcome ? q850_cause ? t30_status ? bit_rate
        ? resolution ? remote_station_id ? duration_ms
    }
    FaxSummary { id, status, document_name, to, to_display, pages, price, created_at }
    Checkout { id, status, package, price, credits, payment_url, created_at }
    Transaction { id, kind, amount, balance, created_at ? fax_id ? checkout_id }
    FieldProblem { pointer, code, detail }
}

impl<T: Decode> Decode for Page<T> {
    fn decode(json: &Json) -> Option<Self> {
        Some(Self { data: json.field("data")?, next_cursor: json.field("next_cursor") })
    }
}

impl Decode for Money {
    fn decode(json: &Json) -> Option<Self> {
        let currency: String = json.field("currency")?;
        (currency == "USD").then_some(Self::usd(json.field("amount_minor")?))
    }
}

impl Decode for Resolution {
    fn decode(json: &Json) -> Option<Self> {
        match String::decode(json)?.as_str() {
            "standard" => Some(Self::Standard),
            "fine" => Some(Self::Fine),
            _ => None,
        }
    }
}

impl Decode for Problem {
    fn decode(json: &Json) -> Option<Self> {
        Some(Self {
            type_: json.field("type")?,
            title: json.field("title")?,
            status: json.field::<u32>("status")?.try_into().ok()?,
            code: json.field("code")?,
            detail: json.field("detail")?,
            request_id: json.field("request_id")?,
            errors: json.field("errors").unwrap_or_default(),
        })
    }
}

/// A value from the body of an answer.
pub(crate) fn decode<T: Decode>(text: &str) -> Option<T> {
    T::decode(&Json::parse(text)?)
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    /// Reads an example as serde does, and again what serde writes of it.
    fn agrees_with_serde<T: Decode + DeserializeOwned + Serialize + PartialEq + Debug>(example: &str) {
        let ulid = "01KAT5W8Z3M4Q6R7S8T9V0W1X2";
        let example = example.replace('~', ulid).replace("$30", r#"{"amount_minor":-30,"currency":"USD"}"#);
        let by_serde: T = serde_json::from_str(&example).unwrap();
        assert_eq!(decode::<T>(&example).as_ref(), Some(&by_serde));
        let written = serde_json::to_string(&by_serde).unwrap();
        assert_eq!(decode::<T>(&written), Some(by_serde));
    }

    const DESTINATION: &str = r#"{"country":"MX","name":"Mexico","page_multiplier":2}"#;
    const ATTEMPT: &str = r#"{"id":"att_~","number":1,"started_at":"s","ended_at":"e","outcome":"dropped","first_page":1,"pages_confirmed":2,
        "q850_cause":16,"t30_status":"t","bit_rate":14400,"resolution":"204x98","remote_station_id":"r","duration_ms":64000}"#;

    #[test]
    fn accounts_documents_and_quotes_are_read_as_serde_reads_them() {
        agrees_with_serde::<Me>(
            r#"{"id":"acc_~","email":"a@b.c","email_confirmed":true,"sender_name":"n","sender_number":"","balance":$30,"created_at":"c"}"#,
        );
        agrees_with_serde::<Document>(
            r#"{"id":"doc_~","name":"a \"b\".pdf","files":1,"pages":3,"created_at":"c","expires_at":"e"}"#,
        );
        agrees_with_serde::<Document>(r#"{"id":"doc_~","name":"a","files":1,"pages":3,"created_at":"c"}"#);
        agrees_with_serde::<Quote>(&format!(
            r#"{{"id":"quo_~","document_id":"doc_~","to":"+52","to_display":"+52","destination":{DESTINATION},"resolution":"standard",
                "pages":3,"billable_pages":6,"price":$30,"estimated_seconds":95,"calling_hours":"08:00-18:00","expires_at":"e"}}"#
        ));
    }

    #[test]
    fn faxes_are_read_as_serde_reads_them() {
        agrees_with_serde::<Fax>(&format!(
            r#"{{"id":"fax_~","status":"retrying","document_id":"doc_~","document_name":"a","to":"+52","to_display":"+52",
                "destination":{DESTINATION},"resolution":"fine","pages":3,"price":$30,"version":7,"attempts":[{ATTEMPT}],
                "max_attempts":5,"calling_hours":"22:00-06:00","next_attempt_at":"n","estimated_seconds":95,"created_at":"c","completed_at":"d"}}"#
        ));
        agrees_with_serde::<Attempt>(
            r#"{"id":"att_~","number":1,"started_at":"s","first_page":1,"pages_confirmed":0}"#,
        );
        agrees_with_serde::<Page<FaxSummary>>(
            r#"{"data":[{"id":"fax_~","status":"sending","document_name":"a","to":"+1","to_display":"+1","pages":1,"price":$30,"created_at":"c"}],
                "next_cursor":"n"}"#,
        );
    }

    #[test]
    fn money_and_problems_are_read_as_serde_reads_them() {
        agrees_with_serde::<Checkout>(
            r#"{"id":"chk_~","status":"requires_action","package":"regular","price":$30,"credits":$30,"payment_url":"/pay","created_at":"c"}"#,
        );
        agrees_with_serde::<Page<Transaction>>(
            r#"{"data":[{"id":"txn_~","kind":"refund","amount":$30,"balance":$30,"fax_id":"fax_~","created_at":"c"},
                {"id":"txn_~","kind":"purchase","amount":$30,"balance":$30,"checkout_id":"chk_~","created_at":"c"}]}"#,
        );
        agrees_with_serde::<Problem>(
            r#"{"type":"t","title":"T","status":422,"code":"number_short","detail":"d","request_id":"r",
                "errors":[{"pointer":"/to","code":"number_short","detail":"d"}]}"#,
        );
        agrees_with_serde::<Problem>(
            r#"{"type":"t","title":"T","status":404,"code":"not_found","detail":"d","request_id":"r"}"#,
        );
    }

    #[test]
    fn every_name_of_an_enum_is_known() {
        for status in FaxStatus::ALL {
            agrees_with_serde::<FaxStatus>(&format!("\"{}\"", status.as_str()));
        }
        for outcome in AttemptOutcome::ALL {
            agrees_with_serde::<AttemptOutcome>(&format!("\"{}\"", outcome.as_str()));
        }
        for kind in TransactionKind::ALL {
            agrees_with_serde::<TransactionKind>(&format!("\"{}\"", kind.as_str()));
        }
        for status in CheckoutStatus::ALL {
            agrees_with_serde::<CheckoutStatus>(&format!("\"{}\"", status.as_str()));
        }
    }
}
