//! A customer's program: it repeats what was not answered, under the same idempotency key.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use faxdroid_contract::test_numbers::TEST_NUMBERS;
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::installation::Installation;

pub(crate) const PASSWORD: &str = "quite another fax of my own";
/// What the document says.
pub(crate) const TEXT: &str = "Xylophone recital at nine";
/// Longer than any trouble lasts.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Customer {
    http: Client,
    base: String,
    pub(crate) session: String,
    document: String,
    pub(crate) accepted: Vec<String>,
}

impl Customer {
    /// Signs up, confirms his address, buys credits for `faxes` faxes and uploads a letter.
    pub(crate) async fn sign_up(installation: &Installation, number: u32, faxes: u64) -> Self {
        let http = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(60));
        let mut customer = Self {
            http: http.build().unwrap(),
            base: format!("http://{}/api/v1", installation.address()),
            session: String::new(),
            document: String::new(),
            accepted: Vec::new(),
        };
        let email = format!("customer{number}@example.org");
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = customer.request(Method::POST, "/accounts").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        let session = cookie.strip_prefix("faxdroid_session=").unwrap().split(';').next().unwrap();
        customer.session = session.to_owned();
        let token = mailed_token(&installation.data().join("mail"), &email).await;
        let confirmed = customer.post("/accounts/confirm-email", &json!({ "token": token })).await;
        assert_eq!(confirmed.status(), StatusCode::NO_CONTENT);
        // A page costs 10 cents.
        for _ in 0..=(faxes * 10 / 5_000) {
            let checkout: Value =
                customer.post("/checkouts", &json!({ "package": "clinic" })).await.json().await.unwrap();
            let path = format!("/sandbox/checkouts/{}/pay", checkout["id"].as_str().unwrap());
            let paid = customer.post(&path, &json!({ "card_number": "4242424242424242" })).await;
            assert_eq!(paid.status(), StatusCode::OK);
        }
        customer.document = customer.upload_letter().await;
        customer
    }

    pub(crate) async fn upload_letter(&self) -> String {
        self.upload("letter.txt", TEXT.into()).await
    }

    pub(crate) async fn upload(&self, name: &'static str, content: Vec<u8>) -> String {
        let form = Form::new().part("files", Part::bytes(content).file_name(name));
        let uploaded = self.request(Method::POST, "/documents").multipart(form).send().await.unwrap();
        let document: Value = uploaded.error_for_status().unwrap().json().await.unwrap();
        document["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send_faxes(&mut self, count: u64, mut random: StdRng) {
        for _ in 0..count {
            let to = number(&mut random);
            let quote = self.until_answered("/quotes", &self.quote_of(&to), None).await;
            let quote = quote["id"].as_str().unwrap();
            let fax = self.until_answered("/faxes", &json!({ "quote_id": quote }), Some(quote)).await;
            self.accepted.push(fax["id"].as_str().unwrap().to_owned());
        }
        let distinct: HashSet<_> = self.accepted.iter().collect();
        assert_eq!(distinct.len(), self.accepted.len(), "each request made a fax of its own");
    }

    pub(crate) async fn send_one_fax_without_retries(&self, to: &str) -> String {
        let quote = self.post("/quotes", &self.quote_of(to)).await;
        let quote: Value = quote.error_for_status().unwrap().json().await.unwrap();
        let quote = quote["id"].as_str().unwrap();
        let request = self.request(Method::POST, "/faxes").header("idempotency-key", quote);
        let fax = request.json(&json!({ "quote_id": quote })).send().await.unwrap();
        let fax: Value = fax.error_for_status().unwrap().json().await.unwrap();
        fax["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn quote_of(&self, to: &str) -> Value {
        json!({ "document_id": self.document, "to": to })
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.header(COOKIE, format!("faxdroid_session={}", self.session))
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// Asks until a server answers: a connection that fails, a server that fails and a key that is still being worked on
    /// are reasons to ask again, anything else is not.
    async fn until_answered(&self, path: &str, body: &Value, key: Option<&str>) -> Value {
        let begin = Instant::now();
        loop {
            let mut request = self.request(Method::POST, path).json(body);
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            let said = match request.send().await {
                Ok(answer) if answer.status() == StatusCode::CREATED => match answer.json().await {
                    Ok(created) => return created,
                    Err(error) => error.to_string(),
                },
                Ok(answer) => {
                    let status = answer.status();
                    let text = answer.text().await.unwrap_or_default();
                    let again = status.is_server_error() || text.contains("idempotency_key_in_progress");
                    assert!(again, "{path}: {status} {text}");
                    text
                }
                Err(error) => error.to_string(),
            };
            assert!(begin.elapsed() < PATIENCE, "{path}: {said}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Half of the numbers of the table, each of which does something of its own, half that receive.
fn number(random: &mut impl Rng) -> String {
    if random.random_bool(0.5) {
        TEST_NUMBERS[random.random_range(0..TEST_NUMBERS.len())].number.to_owned()
    } else {
        format!("+1500555{}", random.random_range(3000..10_000))
    }
}

async fn mailed_token(folder: &Path, email: &str) -> String {
    for _ in 0..1_000 {
        if let Some(token) = find_token(folder, email) {
            return token;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no mail to {email}");
}

fn find_token(folder: &Path, email: &str) -> Option<String> {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let [to, _, text]: [String; 3] = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            if to == email {
                let token = text.split_once("confirm-email?token=").unwrap().1;
                return Some(token.split_whitespace().next().unwrap().to_owned());
            }
        }
    }
    None
}
