//! What servers tell of themselves, in logs, metrics and traces: a fax can be followed through every hop, and nothing that
//! is a customer's own is in any of them, however much is logged.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::column;
use crate::customer::{Customer, PASSWORD, TEXT};
use crate::installation::Installation;

const PATIENCE: Duration = Duration::from_secs(60);
const CARD: &str = "4242424242424242";
const WRONG_PASSWORD: &str = "no fax of anybody";

/// Who collects traces: takes OTLP over HTTP and keeps it.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let take = async |State(collector): State<Self>, body: Bytes| {
            collector.0.lock().unwrap().push(body);
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        (collector, format!("http://{address}"))
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.bodies().into_iter().map(|body| ExportTraceServiceRequest::decode(body).unwrap());
        let of_servers = requests.flat_map(|request| request.resource_spans);
        of_servers.flat_map(|spans| spans.scope_spans).flat_map(|spans| spans.spans).collect()
    }
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let value = span.attributes.iter().find(|attribute| attribute.key == name)?.value.clone()?.value?;
    if let AnyValue::StringValue(text) = value { Some(text) } else { None }
}

async fn until_it_ended(customer: &Customer, fax: &str) -> String {
    let begin = Instant::now();
    loop {
        let answer = customer.request(Method::GET, &format!("/faxes/{fax}")).send().await.unwrap();
        let fax: Value = answer.error_for_status().unwrap().json().await.unwrap();
        let status = fax["status"].as_str().unwrap();
        if ["delivered", "refunded"].contains(&status) {
            return status.to_owned();
        }
        assert!(begin.elapsed() < PATIENCE, "{status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Whether a line about `fax` says `message`, in a span of which `field` is said.
fn is_said(
    lines: &[Value],
    fax: &str,
    message: &str,
    event: Option<&str>,
    (span, field): (&str, &str),
) -> bool {
    lines.iter().any(|line| {
        let fields = &line["fields"];
        let mut spans = line["spans"].as_array().into_iter().flatten();
        fields["message"] == message
            && fields["fax_id"] == fax
            && event.is_none_or(|event| fields["event"] == event)
            && spans.any(|of| of["name"] == span && of[field].as_str().is_some_and(|said| !said.is_empty()))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fax_can_be_followed_through_every_hop_and_nothing_private_is_told() {
    let (collector, endpoint) = Collector::start().await;
    let settings =
        vec![("FAXDROID_LOG", "debug".to_owned()), ("FAXDROID_TELEMETRY__OTLP_ENDPOINT", endpoint)];
    let mut installation = Installation::with(async |_| settings).await;
    let customer = Customer::sign_up(&installation, 0, 10).await;
    let wrong = json!({ "email": "customer0@example.org", "password": WRONG_PASSWORD });
    assert_eq!(customer.post("/sessions", &wrong).await.status(), StatusCode::UNAUTHORIZED);
    let forgot = json!({ "email": "customer0@example.org" });
    assert!(customer.post("/accounts/request-password-reset", &forgot).await.status().is_success());
    let found = customer.request(Method::GET, "/faxes?q=5005553456").send().await.unwrap();
    assert_eq!(found.status(), StatusCode::OK);
    let delivered = customer.send_one_fax_without_retries("+15005553456").await;
    let refunded = customer.send_one_fax_without_retries("+15005550002").await;
    assert_eq!(until_it_ended(&customer, &delivered).await, "delivered");
    assert_eq!(until_it_ended(&customer, &refunded).await, "refunded");
    let mut metrics = String::new();
    for server in &installation.servers {
        let answer = reqwest::get(format!("http://{}/metrics", server.internal)).await.unwrap();
        metrics += &answer.text().await.unwrap();
    }
    for server in [0, 1] {
        assert!(installation.stop_server(server).await.success());
    }

    let logged = installation.logged(0) + &installation.logged(1);
    let lines: Vec<Value> = logged.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for fax in [&delivered, &refunded] {
        assert!(is_said(&lines, fax, "fax_accepted", None, ("request", "request_id")));
        let ended = lines.iter().filter(|line| line["fields"]["event"].as_str().is_some_and(is_end_of_call));
        let ended: Vec<_> = ended.filter(|line| line["fields"]["fax_id"] == fax.as_str()).collect();
        assert!(!ended.is_empty());
        assert!(
            ended.iter().all(|line| line["span"]["name"] == "call" && line["span"]["attempt_id"].is_string())
        );
    }
    let asked = ("internal_request", "request_id");
    assert!(is_said(&lines, &refunded, "fax_changed", Some("RetryDue"), asked));
    assert!(is_said(&lines, &refunded, "fax_changed", Some("RefundDue"), asked));

    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    assert!(named("request").iter().any(|span| attribute(span, "request_id").is_some()));
    assert!(named("internal_request").iter().any(|span| attribute(span, "request_id").is_some()));
    let calls = named("call");
    let of =
        |fax: &String| calls.iter().filter(|span| attribute(span, "fax_id").as_ref() == Some(fax)).count();
    assert_eq!((of(&delivered), of(&refunded)), (1, 5), "a span for each call");

    let mut told = logged.into_bytes();
    told.extend(metrics.into_bytes());
    collector.bodies().iter().for_each(|body| told.extend(body));
    let mut private =
        vec![PASSWORD, WRONG_PASSWORD, TEXT, CARD, "faxdroid:faxdroid@", "customer0@example.org"];
    private.extend(["5005553456", "5005550002", &customer.session]);
    let mailed = mailed_tokens(&installation);
    assert!(mailed.len() >= 2, "{mailed:?}");
    private.extend(mailed.iter().map(String::as_str));
    for secret in private {
        let place = told.windows(secret.len()).position(|window| window == secret.as_bytes());
        let around = place.map(|place| String::from_utf8_lossy(&told[place.saturating_sub(300)..place]));
        assert_eq!(around, None, "{secret} is told");
    }
}

fn is_end_of_call(event: &str) -> bool {
    event.starts_with("CallEnded")
}

/// What stands behind `token=` in every mail.
fn mailed_tokens(installation: &Installation) -> Vec<String> {
    let files = std::fs::read_dir(installation.data().join("mail")).unwrap().map(|file| file.unwrap().path());
    let plain = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let texts = plain.map(|path| {
        let [_, _, text]: [String; 3] = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        text
    });
    let token = |text: String| Some(text.split_once("token=")?.1.split_whitespace().next()?.to_owned());
    texts.filter_map(token).collect()
}

/// Keeps what is logged by this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_slow_statement_is_logged_without_its_values() {
    use faxdroid_server::store::{ConnectionTrait, Store};
    use sea_orm::{DbBackend, Statement};
    let services = column::services().await;
    let store = Store::open_mysql(&column::database(services).await, None, 1).unwrap();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(tracing::Level::WARN);
    let logging = tracing::subscriber::set_default(subscriber.finish());
    let ask = async |sql: &str| {
        let statement = Statement::from_sql_and_values(DbBackend::MySql, sql, ["+15005550001".into()]);
        store.connection().query_one_raw(statement).await.unwrap();
    };
    ask("SELECT ?, 'quick'").await;
    ask("SELECT SLEEP(0.7), ?").await;
    drop(logging);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("SELECT SLEEP(0.7), ?"), "{log}");
    assert!(!log.contains("quick"), "{log}");
    assert!(!log.contains("15005550001"), "{log}");
}
