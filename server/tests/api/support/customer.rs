//! Somebody who uses the API: a program that speaks JSON, or a browser that sends plain forms.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use faxdroid_contract::accounts::Me;
use faxdroid_contract::credits::{Checkout, CheckoutStatus, Transaction, TransactionKind};
use faxdroid_contract::documents::Document;
use faxdroid_contract::faxes::Fax;
use faxdroid_contract::ids::{DocumentId, FaxId, QuoteId};
use faxdroid_contract::listing::Page;
use faxdroid_contract::quotes::Quote;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::answer::Answer;
use super::files;

pub(crate) const PASSWORD: &str = "a fax of one's own";
/// Longer than anything here takes; a test that waits in vain ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// The customer, with his session when he is signed in.
#[derive(Clone)]
pub(crate) struct Customer {
    http: Client,
    base: String,
    pub(crate) email: String,
    /// The token in the cookie.
    pub(crate) session: Option<String>,
}

impl Customer {
    pub(super) fn new(server: SocketAddr, email: String) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build().unwrap();
        Self { http, base: format!("http://{server}"), email, session: None }
    }

    /// The same customer at another address of this machine.
    pub(crate) fn calling_from(&self, address: [u8; 4]) -> Self {
        let http = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
        let http = http.local_address(IpAddr::from(address)).build().unwrap();
        Self { http, ..self.clone() }
    }

    /// A request with the session's cookie; `path` is below `/api/v1` unless it names the whole.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let prefix = if path.starts_with("/api") || path.starts_with("/dev") { "" } else { "/api/v1" };
        let request = self.http.request(method, format!("{}{prefix}{path}", self.base));
        match &self.session {
            Some(session) => request.header(COOKIE, format!("faxdroid_session={session}")),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// As a browser asks for a page.
    pub(crate) async fn get_html(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header(ACCEPT, "text/html,*/*;q=0.8")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// A body that need not be JSON.
    pub(crate) async fn post_raw(&self, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.send(self.request(Method::POST, path).header(CONTENT_TYPE, kind).body(body)).await
    }

    /// A plain HTML form, as a browser without scripts sends it.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.request(Method::POST, path).header(ACCEPT, "text/html,*/*;q=0.8");
        let request = request.header("sec-fetch-site", "same-origin");
        self.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await
    }

    /// Takes over the session that an answer begins.
    pub(crate) fn keep_session(&mut self, answer: &Answer) {
        let cookies = answer.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
        let session = cookies.filter_map(|cookie| cookie.strip_prefix("faxdroid_session=")).next();
        self.session = session.map(|cookie| cookie.split(';').next().unwrap_or_default().to_owned());
    }

    pub(crate) async fn sign_up(&mut self) {
        let answer = self.post("/accounts", &json!({ "email": self.email, "password": PASSWORD })).await;
        let answer = answer.expect(201);
        self.keep_session(&answer);
    }

    pub(crate) async fn sign_in(&self, password: &str) -> Answer {
        self.post("/sessions", &json!({ "email": self.email, "password": password })).await
    }

    pub(crate) async fn me(&self) -> Me {
        self.get("/me").await.json()
    }

    /// What can be spent, in cents.
    pub(crate) async fn balance(&self) -> i64 {
        self.me().await.balance.amount_minor
    }

    /// Buys the regular package: 2,100 cents of credit.
    pub(crate) async fn with_credit(self) -> Self {
        let checkout = self.checkout("regular").await;
        let paid: Checkout = self.pay(&checkout, "4242424242424242").await.json();
        assert_eq!(paid.status, CheckoutStatus::Succeeded);
        self
    }

    pub(crate) async fn checkout(&self, package: &str) -> Checkout {
        self.post("/checkouts", &json!({ "package": package })).await.expect(201).json()
    }

    pub(crate) async fn pay(&self, checkout: &Checkout, card: &str) -> Answer {
        let path = format!("/sandbox/checkouts/{}/pay", checkout.id);
        self.post(&path, &json!({ "card_number": card })).await
    }

    pub(crate) async fn upload(&self, uploads: &[(&str, &[u8])]) -> Answer {
        self.send(self.request(Method::POST, "/documents").multipart(parts(uploads))).await
    }

    /// A letter of three pages.
    pub(crate) async fn letter(&self) -> Document {
        self.upload(&[("letter.pdf", files::LETTER)]).await.expect(201).json()
    }

    pub(crate) async fn quote(&self, document: &DocumentId, to: &str) -> Quote {
        self.post("/quotes", &json!({ "document_id": document, "to": to })).await.expect(201).json()
    }

    /// A price for sending a letter of three pages: 30 cents.
    pub(crate) async fn letter_quote(&self, to: &str) -> Quote {
        let letter = self.letter().await;
        self.quote(&letter.id, to).await
    }

    pub(crate) async fn create_fax(&self, quote: &QuoteId, key: &str) -> Answer {
        let request = self.request(Method::POST, "/faxes").header("idempotency-key", key.as_bytes());
        self.send(request.json(&json!({ "quote_id": quote }))).await
    }

    /// Sends a letter of three pages.
    pub(crate) async fn fax_letter(&self, to: &str) -> Fax {
        let quote = self.letter_quote(to).await;
        self.create_fax(&quote.id, quote.id.as_str()).await.expect(201).json()
    }

    pub(crate) async fn resend(&self, fax: &FaxId, key: &str) -> Answer {
        let path = format!("/faxes/{fax}/resend");
        self.send(self.request(Method::POST, &path).header("idempotency-key", key.as_bytes())).await
    }

    pub(crate) async fn fax(&self, id: &FaxId) -> Fax {
        self.get(&format!("/faxes/{id}")).await.json()
    }

    /// Every event of a fax until its end.
    pub(crate) async fn follow(&self, id: &FaxId) -> Vec<Event> {
        let answer = self.get(&format!("/faxes/{id}/events")).await.expect(200);
        answer.text().split("\n\n").filter_map(Event::parse).collect()
    }

    /// The fax at its end.
    pub(crate) async fn finished(&self, id: &FaxId) -> Fax {
        self.follow(id).await.pop().expect("at least one event").fax
    }

    /// The fax as soon as `wanted` is true of it.
    pub(crate) async fn fax_once(&self, id: &FaxId, wanted: impl Fn(&Fax) -> bool) -> Fax {
        let request = self.request(Method::GET, &format!("/faxes/{id}/events"));
        let mut response = request.send().await.unwrap();
        let mut text = String::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
            if let Some(event) = whole.split("\n\n").filter_map(Event::parse).find(|event| wanted(&event.fax))
            {
                return event.fax;
            }
        }
        panic!("it never came to that: {text}");
    }
}

/// A message of the event stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) fax: Fax,
}

impl Event {
    /// `None` for a comment, which keeps the connection open.
    fn parse(message: &str) -> Option<Self> {
        let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let fax = serde_json::from_str(field("data:")?).unwrap();
        Some(Self { name: field("event:")?.to_owned(), id: field("id:")?.to_owned(), fax })
    }
}

/// What the latest lines of the statement are, the latest first.
pub(crate) async fn kinds(customer: &Customer) -> Vec<TransactionKind> {
    let statement: Page<Transaction> = customer.get("/transactions").await.json();
    statement.data.into_iter().map(|line| line.kind).collect()
}

/// A multipart body with one part per file.
pub(crate) fn parts(uploads: &[(&str, &[u8])]) -> Form {
    uploads.iter().fold(Form::new(), |form, (name, bytes)| {
        form.part("files", Part::bytes(bytes.to_vec()).file_name((*name).to_owned()))
    })
}
