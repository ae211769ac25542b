//! Stripe: the customer pays on a page of Stripe's (Checkout, <https://docs.stripe.com/api/checkout/sessions>), so no card
//! comes near this server. Stripe tells what was paid and what is disputed by signed events
//! (<https://docs.stripe.com/webhooks>), and is asked when the customer comes back, whichever is first.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use sha2::Sha256;
use url::{Url, form_urlencoded};

use super::{CURRENCY, Decision, Disputed};
use crate::config::{self, Secret};
use crate::store::checkouts::CheckoutRow;

/// The version whose shapes this module reads and writes, whatever the account's default becomes.
const API_VERSION: &str = "2025-03-31.basil";
/// A single request.
const PATIENCE: Duration = Duration::from_secs(10);
const TRIES_AGAIN: usize = 2;
/// How old a signed event may be, as Stripe's own libraries have it.
const TOLERANCE: Duration = Duration::from_secs(300);

/// Stripe, as one account of it sees it.
pub struct Stripe {
    http: reqwest::Client,
    endpoint: Url,
    secret_key: Secret,
    webhook_secret: Secret,
}

/// Why Stripe did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    #[error("Stripe cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    #[error("Stripe answered {status}: {message}")]
    Refused { status: StatusCode, message: String },
}

impl StripeError {
    /// Stripe itself says that these may be asked again (<https://docs.stripe.com/error-low-level>).
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(error) => !error.is_decode(),
            Self::Refused { status, .. } => status.is_server_error() || matches!(status.as_u16(), 409 | 429),
        }
    }
}

/// An event that is not Stripe's own, not meant for us, or too old.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is not signed by Stripe")]
pub struct NotSigned;

/// A Checkout Session, as far as it is read here.
#[derive(Debug, Deserialize)]
pub struct Session {
    pub id: String,
    /// Where the customer pays, while the session is open.
    pub url: Option<String>,
    /// Our own identifier of the purchase.
    pub client_reference_id: Option<String>,
    status: Option<String>,
    payment_status: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
}

impl Session {
    /// The customer may still pay.
    pub fn is_open(&self) -> bool {
        self.status.as_deref() == Some("open")
    }

    /// What it decides about `checkout`; `None` while nothing is paid, and for a payment that is not of this purchase.
    pub fn decision(&self, checkout: &CheckoutRow) -> Option<Decision> {
        if self.payment_status.as_deref() != Some("paid") {
            return None;
        }
        let of_this_purchase = self.client_reference_id.as_ref() == Some(&checkout.id)
            && self.amount_total == Some(checkout.price_minor)
            && self.currency.as_deref() == Some(CURRENCY);
        if !of_this_purchase {
            tracing::error!(checkout_id = checkout.id, session_id = self.id, "payment_does_not_match");
            return None;
        }
        Some(Decision::Succeeded { disputed_later: Disputed::Never })
    }
}

/// What Stripe tells, as far as it matters here.
#[derive(Debug)]
pub enum Event {
    /// The customer has finished a Checkout Session.
    SessionCompleted(Session),
    /// The owner of a card takes a payment back.
    DisputeCreated { payment_intent: Option<String> },
    /// Something that was not asked for.
    Other,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: serde_json::Value,
}

#[derive(Deserialize)]
struct Dispute {
    payment_intent: Option<String>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Session>,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalText,
}

#[derive(Deserialize)]
struct RefusalText {
    message: Option<String>,
}

/// Where the customer goes on when he is done at Stripe.
#[derive(Debug, Clone, Copy)]
pub struct ComeBack<'a> {
    pub paid: &'a str,
    pub canceled: &'a str,
}

impl Stripe {
    pub fn new(settings: &config::Stripe) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: reqwest::Client::builder().timeout(PATIENCE).build()?,
            endpoint: settings.endpoint.clone(),
            secret_key: settings.secret_key.clone(),
            webhook_secret: settings.webhook_secret.clone(),
        })
    }

    /// Opens the page on which `checkout` is paid by card. Asked again for the same purchase, Stripe answers with the same
    /// session.
    pub async fn open(
        &self,
        checkout: &CheckoutRow,
        package: &str,
        email: &str,
        come_back: ComeBack<'_>,
    ) -> Result<Session, StripeError> {
        let price = checkout.price_minor.to_string();
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("mode", "payment")
            .append_pair("payment_method_types[0]", "card")
            .append_pair("client_reference_id", &checkout.id)
            .append_pair("customer_email", email)
            .append_pair("line_items[0][quantity]", "1")
            .append_pair("line_items[0][price_data][currency]", CURRENCY)
            .append_pair("line_items[0][price_data][unit_amount]", &price)
            .append_pair("line_items[0][price_data][product_data][name]", package)
            .append_pair("success_url", come_back.paid)
            .append_pair("cancel_url", come_back.canceled)
            .finish();
        self.ask(|| {
            self.request(Method::POST, &[], None)
                .header("idempotency-key", &checkout.id)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.clone())
        })
        .await
    }

    /// A session as it is now.
    pub async fn session(&self, id: &str) -> Result<Session, StripeError> {
        self.ask(|| self.request(Method::GET, &[id], None)).await
    }

    /// The session in which a payment was made, if it was made in one.
    pub async fn session_of(&self, payment_intent: &str) -> Result<Option<Session>, StripeError> {
        let query = Some(("payment_intent", payment_intent));
        let list: List = self.ask(|| self.request(Method::GET, &[], query)).await?;
        Ok(list.data.into_iter().next())
    }

    /// Reads an event whose `Stripe-Signature` holds: at least one of its signatures is the HMAC-SHA256 of time and body
    /// under our secret, and the time is not long ago.
    pub fn event(&self, signature: &str, body: &[u8], now: Timestamp) -> Result<Event, NotSigned> {
        let values = |name: &str| {
            let name = name.to_owned();
            signature.split(',').filter_map(move |part| {
                part.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value)
            })
        };
        let time = values("t").next().ok_or(NotSigned)?;
        let signed_at: i64 = time.parse().map_err(|_| NotSigned)?;
        if now.as_second().abs_diff(signed_at) > TOLERANCE.as_secs() {
            return Err(NotSigned);
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.webhook_secret.reveal().as_bytes()).map_err(|_| NotSigned)?;
        for part in [time.as_bytes(), b".", body] {
            mac.update(part);
        }
        // `verify_slice` takes the same time wherever the two differ.
        let holds = values("v1")
            .filter_map(|signature| hex::decode(signature).ok())
            .any(|signature| mac.clone().verify_slice(&signature).is_ok());
        if !holds {
            return Err(NotSigned);
        }
        // It is Stripe's own: what cannot be read of it is of another version, and nothing that was asked for.
        Ok(read(body).unwrap_or_else(|error| {
            tracing::error!(%error, "payment_event_unread");
            Event::Other
        }))
    }

    fn request(&self, method: Method, path: &[&str], query: Option<(&str, &str)>) -> RequestBuilder {
        let mut url = self.endpoint.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["v1", "checkout", "sessions"]).extend(path);
        }
        if let Some((name, value)) = query {
            url.query_pairs_mut().append_pair(name, value);
        }
        self.http
            .request(method, url)
            .bearer_auth(self.secret_key.reveal())
            .header("stripe-version", API_VERSION)
    }

    /// Every request here may be repeated: those that make something carry a key.
    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, StripeError> {
        let once = || async {
            let response = request().send().await.map_err(reqwest::Error::without_url)?;
            let status = response.status();
            if status.is_success() {
                return Ok(response.json().await?);
            }
            let text = response.text().await.unwrap_or_default();
            let said: Option<Refusal> = serde_json::from_str(&text).ok();
            let message = said.and_then(|refusal| refusal.error.message).unwrap_or_default();
            Err(StripeError::Refused { status, message })
        };
        let patience = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(300))
            .with_max_times(TRIES_AGAIN)
            .with_jitter();
        once.retry(patience).when(StripeError::may_pass).await
    }
}

fn read(body: &[u8]) -> Result<Event, serde_json::Error> {
    let envelope: Envelope = serde_json::from_slice(body)?;
    Ok(match envelope.kind.as_str() {
        "checkout.session.completed" => {
            Event::SessionCompleted(serde_json::from_value(envelope.data.object)?)
        }
        "charge.dispute.created" => {
            let Dispute { payment_intent } = serde_json::from_value(envelope.data.object)?;
            Event::DisputeCreated { payment_intent }
        }
        _ => Event::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_of_the_tests";
    const NOW: i64 = 1_790_000_000;

    fn stripe() -> Stripe {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = format!("[payments.stripe]\nwebhook_secret = \"{SECRET}\"");
        Stripe::new(&config::Config::from_toml(&settings).unwrap().payments.stripe).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    fn signature(secret: &str, time: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    #[test]
    fn an_event_is_believed_when_one_of_its_signatures_is_ours() {
        let body = br#"{"type":"customer.created","data":{"object":{}}}"#;
        let ours = signature(SECRET, NOW, body);
        let others = signature("whsec_of_somebody_else", NOW, body);
        for header in [
            format!("t={NOW},v1={ours}"),
            // While the secret is exchanged there are two.
            format!("t={NOW},v1={others},v1={ours},v0=00"),
        ] {
            assert!(matches!(stripe().event(&header, body, now()), Ok(Event::Other)), "{header}");
        }
    }

    #[test]
    fn an_event_of_somebody_else_or_of_another_time_is_not() {
        let body = br#"{"type":"customer.created","data":{"object":{}}}"#;
        let old = NOW - 301;
        for header in [
            String::new(),
            format!("t={NOW}"),
            format!("v1={}", signature(SECRET, NOW, body)),
            format!("t={NOW},v1={}", signature("whsec_of_somebody_else", NOW, body)),
            format!("t={NOW},v1={}", signature(SECRET, NOW, b"{}")),
            format!("t={NOW},v1={}", signature(SECRET, NOW - 1, body)),
            format!("t={old},v1={}", signature(SECRET, old, body)),
            format!("t={NOW},v0={}", signature(SECRET, NOW, body)),
            format!("t={NOW},v1=é0"),
            "t=soon,v1=00".to_owned(),
        ] {
            assert!(matches!(stripe().event(&header, body, now()), Err(NotSigned)), "{header}");
        }
    }

    #[test]
    fn what_stripe_signs_and_nobody_understands_is_nothing_that_was_asked_for() {
        for body in [&b"not json"[..], br#"{"type":"checkout.session.completed","data":{"object":7}}"#] {
            let header = format!("t={NOW},v1={}", signature(SECRET, NOW, body));
            assert!(matches!(stripe().event(&header, body, now()), Ok(Event::Other)));
        }
    }
}
