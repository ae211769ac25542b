//! What belongs to one customer does not exist for another one, and nothing exists for who is not signed in.

use faxdroid_contract::faxes::{Fax, FaxSummary};
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::ProblemCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Customer, TestApp};

const RECEIVES: &str = "+15005550001";

/// A request that names something of a customer.
struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Request {
    fn new(method: Method, path: String, body: Option<Value>) -> Self {
        Self { method, path, body }
    }

    async fn by(&self, customer: &Customer) -> Answer {
        let request = customer.request(self.method.clone(), &self.path).header("idempotency-key", "theirs");
        let request = match &self.body {
            Some(body) => request.json(body),
            None => request,
        };
        customer.send(request).await
    }
}

/// Every request of the API that names a document, a quote, a fax or a purchase.
fn requests(document: &str, quote: &str, fax: &str, checkout: &str) -> Vec<Request> {
    let get = |path: String| Request::new(Method::GET, path, None);
    let post = |path: String, body: Option<Value>| Request::new(Method::POST, path, body);
    vec![
        get(format!("/documents/{document}")),
        get(format!("/documents/{document}/pages/1.png")),
        Request::new(Method::DELETE, format!("/documents/{document}"), None),
        post("/quotes".to_owned(), Some(json!({ "document_id": document, "to": RECEIVES }))),
        get(format!("/quotes/{quote}")),
        post("/faxes".to_owned(), Some(json!({ "quote_id": quote }))),
        get(format!("/faxes/{fax}")),
        get(format!("/faxes/{fax}/attempts")),
        get(format!("/faxes/{fax}/events")),
        post(format!("/faxes/{fax}/cancel"), None),
        post(format!("/faxes/{fax}/resend"), None),
        get(format!("/checkouts/{checkout}")),
        post(
            format!("/sandbox/checkouts/{checkout}/pay"),
            Some(json!({ "card_number": "4242424242424242" })),
        ),
        post(format!("/sandbox/checkouts/{checkout}/confirm"), Some(json!({ "answer": "approve" }))),
    ]
}

#[tokio::test]
async fn what_belongs_to_one_customer_does_not_exist_for_another_one() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let eve = app.customer().await.with_credit().await;
    let fax = ada.fax_letter(RECEIVES).await;
    let fax = ada.finished(&fax.id).await;
    let quote = ada.letter_quote(RECEIVES).await;
    let checkout = ada.checkout("starter").await;
    let requests =
        requests(quote.document_id.as_str(), quote.id.as_str(), fax.id.as_str(), checkout.id.as_str());

    for request in &requests {
        println!("{} {}", request.method, request.path);
        request.by(&eve).await.problem(ProblemCode::NotFound);
        request.by(&app.visitor()).await.problem(ProblemCode::Unauthenticated);
    }
    assert_eq!((eve.balance().await, ada.balance().await), (2_100, 2_070));
    let faxes: Page<FaxSummary> = eve.get("/faxes").await.json();
    assert!(faxes.data.is_empty());
    let document = ada.get(&format!("/documents/{}", quote.document_id)).await;
    assert!(document.status.is_success(), "nothing of it was deleted");
    assert_eq!(ada.fax(&fax.id).await, fax);
    app.end().await;
}

#[tokio::test]
async fn an_identifier_that_names_nothing_is_answered_like_that_of_somebody_else() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let ulid = "01KAT5W8Z3M4Q6R7S8T9V0W1X2";
    let of = |prefix: &str| format!("{prefix}_{ulid}");
    let unknown = requests(&of("doc"), &of("quo"), &of("fax"), &of("chk"));
    // Identifiers of other kinds, too.
    let mistaken = requests(&of("fax"), &of("doc"), &of("quo"), &of("acc"));
    let unreadable = requests("1", "quo_", "fax_01kat5w8z3m4q6r7s8t9v0w1x2", "%27%20OR%201=1");
    for request in unknown.iter().chain(&mistaken).chain(&unreadable) {
        println!("{} {}", request.method, request.path);
        request.by(&ada).await.problem(ProblemCode::NotFound);
    }
    app.end().await;
}

#[tokio::test]
async fn lists_need_a_session() {
    let app = TestApp::start().await;
    for path in ["/me", "/faxes", "/received-faxes", "/numbers", "/transactions"] {
        app.visitor().get(path).await.problem(ProblemCode::Unauthenticated);
    }
    let mut forged = app.visitor();
    forged.session = Some("a".repeat(43));
    forged.get("/faxes").await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn a_key_of_one_customer_means_nothing_to_another_one() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let eve = app.customer().await.with_credit().await;
    let (hers, others) = (ada.letter_quote(RECEIVES).await, eve.letter_quote(RECEIVES).await);
    let first: Fax = ada.create_fax(&hers.id, "the same key").await.expect(201).json();
    let second: Fax = eve.create_fax(&others.id, "the same key").await.expect(201).json();
    assert_ne!(first.id, second.id);
    eve.get(&format!("/faxes/{}", first.id)).await.problem(ProblemCode::NotFound);
    ada.finished(&first.id).await;
    eve.finished(&second.id).await;
    app.end().await;
}
