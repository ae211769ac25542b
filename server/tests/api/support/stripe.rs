//! A stand-in for Stripe: Checkout Sessions in the shapes that Stripe documents
//! (<https://docs.stripe.com/api/checkout/sessions>), and events signed as Stripe signs them. It takes no money, and is
//! strict where Stripe is: about the key, the version, the parameters, and idempotency keys.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Form, Json, Router};
use faxdroid_server::config::{Config, PaymentsKind};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::customer::Customer;

const SECRET_KEY: &str = "sk_test_of_the_tests";
const WEBHOOK_SECRET: &str = "whsec_of_the_tests";

type Parameters = Vec<(String, String)>;

#[derive(Default)]
struct Books {
    sessions: Vec<Value>,
    keys: HashMap<String, (Parameters, usize)>,
    failures: usize,
    requests: usize,
}

/// Stripe, for one test.
pub(crate) struct StripeStandIn {
    address: SocketAddr,
    books: Arc<Mutex<Books>>,
    server: JoinHandle<()>,
}

impl Drop for StripeStandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StripeStandIn {
    pub(crate) async fn start() -> Self {
        let books = Arc::new(Mutex::new(Books::default()));
        let router = Router::new()
            .route("/v1/checkout/sessions", get(list).post(create))
            .route("/v1/checkout/sessions/{id}", get(retrieve))
            .with_state(books.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { address, books, server }
    }

    /// The settings of a server that asks it.
    pub(crate) fn configure(&self, config: &mut Config) {
        config.payments.kind = PaymentsKind::Stripe;
        let stripe = json!({
            "secret_key": SECRET_KEY,
            "webhook_secret": WEBHOOK_SECRET,
            "endpoint": format!("http://{}", self.address),
        });
        config.payments.stripe = serde_json::from_value(stripe).unwrap();
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails so many of the next requests, as Stripe does when it is overloaded.
    pub(crate) fn fail(&self, requests: usize) {
        self.books().failures = requests;
    }

    pub(crate) fn requests(&self) -> usize {
        self.books().requests
    }

    /// The only session.
    pub(crate) fn session(&self) -> Value {
        let [session] = self.books().sessions.clone().try_into().expect("one session");
        session
    }

    /// The customer types his card: the session is complete.
    pub(crate) fn pay(&self) -> Value {
        let changes =
            json!({ "status": "complete", "payment_status": "paid", "url": null, "payment_intent": "pi_1" });
        self.change(changes)
    }

    /// The customer has not paid in time.
    pub(crate) fn expire(&self) -> Value {
        self.change(json!({ "status": "expired", "url": null }))
    }

    fn change(&self, changes: Value) -> Value {
        let mut books = self.books();
        let session = books.sessions[0].as_object_mut().unwrap();
        session.extend(changes.as_object().unwrap().clone());
        session.clone().into()
    }

    /// Sends an event to our server, signed.
    pub(crate) async fn tell(&self, to: &Customer, kind: &str, object: &Value) -> Answer {
        let now = jiff::Timestamp::now().as_second();
        self.tell_signed(to, kind, object, now, WEBHOOK_SECRET).await
    }

    pub(crate) async fn tell_signed(
        &self,
        to: &Customer,
        kind: &str,
        object: &Value,
        at: i64,
        secret: &str,
    ) -> Answer {
        let event = json!({ "id": "evt_1", "object": "event", "type": kind, "data": { "object": object } });
        let body = event.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{at}.{body}").as_bytes());
        let signature = format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()));
        let request = to.request(reqwest::Method::POST, "/stripe/events");
        let request = request.header("content-type", "application/json; charset=utf-8");
        to.send(request.header("stripe-signature", signature).body(body)).await
    }
}

type Shared = State<Arc<Mutex<Books>>>;
type Refusal = (StatusCode, Json<Value>);

fn refused(status: StatusCode, message: &str) -> Refusal {
    (status, Json(json!({ "error": { "type": "invalid_request_error", "message": message } })))
}

fn admitted<'a>(books: &'a Shared, headers: &HeaderMap) -> Result<MutexGuard<'a, Books>, Refusal> {
    let mut books = books.lock().unwrap_or_else(PoisonError::into_inner);
    books.requests += 1;
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
    if header("authorization") != format!("Bearer {SECRET_KEY}") {
        return Err(refused(StatusCode::UNAUTHORIZED, "Invalid API Key provided"));
    }
    if !header("stripe-version").starts_with("20") {
        return Err(refused(StatusCode::BAD_REQUEST, "Invalid Stripe API version"));
    }
    if books.failures > 0 {
        books.failures -= 1;
        return Err(refused(StatusCode::SERVICE_UNAVAILABLE, "An unknown error occurred"));
    }
    Ok(books)
}

async fn create(
    books: Shared,
    headers: HeaderMap,
    Form(parameters): Form<Parameters>,
) -> Result<Json<Value>, Refusal> {
    let mut books = admitted(&books, &headers)?;
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    if let Some((asked_before, session)) = books.keys.get(&key) {
        return if *asked_before == parameters {
            Ok(Json(books.sessions[*session].clone()))
        } else {
            Err(refused(
                StatusCode::BAD_REQUEST,
                "Keys for idempotent requests can only be used with the same parameters",
            ))
        };
    }
    let value = |name: &str| {
        let found = parameters.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| refused(StatusCode::BAD_REQUEST, name))
    };
    assert_eq!(value("mode")?, "payment");
    assert_eq!(value("line_items[0][quantity]")?, "1");
    let id = format!("cs_test_{}", books.sessions.len() + 1);
    let amount: i64 = value("line_items[0][price_data][unit_amount]")?.parse().unwrap();
    let session = json!({
        "id": id,
        "object": "checkout.session",
        "url": format!("https://checkout.stripe.com/c/pay/{id}#fid"),
        "status": "open",
        "payment_status": "unpaid",
        "payment_intent": null,
        "client_reference_id": value("client_reference_id")?,
        "customer_email": value("customer_email")?,
        "amount_total": amount,
        "currency": value("line_items[0][price_data][currency]")?,
        "success_url": value("success_url")?,
        "cancel_url": value("cancel_url")?,
    });
    books.sessions.push(session.clone());
    let number = books.sessions.len() - 1;
    books.keys.insert(key, (parameters, number));
    Ok(Json(session))
}

async fn retrieve(books: Shared, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let books = admitted(&books, &headers)?;
    let found = books.sessions.iter().find(|session| session["id"] == *id);
    found.cloned().map(Json).ok_or_else(|| refused(StatusCode::NOT_FOUND, "No such checkout.session"))
}

async fn list(
    books: Shared,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Refusal> {
    let books = admitted(&books, &headers)?;
    let wanted = &query["payment_intent"];
    let found: Vec<_> =
        books.sessions.iter().filter(|session| session["payment_intent"] == **wanted).cloned().collect();
    Ok(Json(json!({ "object": "list", "data": found, "has_more": false })))
}
