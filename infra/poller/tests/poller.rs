//! The function as it is deployed: the program, started by a stand-in for the Lambda Runtime API, between moto's SQS and
//! two application servers.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use axum::extract::{Path as InPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use faxdroid_contract::ids::{AccountId, CheckoutId, FaxId, QuoteId};
use faxdroid_document::{Limits, Resolution, SourceFile, convert};
use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::config::{Config, QueuesKind};
use faxdroid_server::ledger::{self, Purchase};
use faxdroid_server::store::{self, ConnectionTrait, Store};
use faxdroid_server::{Server, fax};
use faxdroid_testbed::{Database, LoadBalancer, Moto, unnamed_file};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};

const PATIENCE: Duration = Duration::from_secs(120);

/// The Lambda Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) and the function behind it.
struct Lambda {
    invoke: mpsc::Sender<Duration>,
    answers: mpsc::Receiver<(bool, Value)>,
    _function: Child,
}

#[derive(Clone)]
struct RuntimeApi {
    invocations: Arc<Mutex<mpsc::Receiver<Duration>>>,
    answers: mpsc::Sender<(bool, Value)>,
}

async fn next(State(api): State<RuntimeApi>) -> Response {
    let Some(limit) = api.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + limit;
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:poller".to_owned(),
        ),
    ];
    (headers, Json(json!({ "source": "aws.events", "detail-type": "Scheduled Event" }))).into_response()
}

async fn answered(
    State(api): State<RuntimeApi>,
    InPath((_, how)): InPath<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let body = serde_json::from_slice(&body).unwrap();
    api.answers.send((how == "response", body)).await.unwrap();
    StatusCode::ACCEPTED
}

impl Lambda {
    /// The function with its log in `log`.
    async fn start(moto: &Moto, queues: &[String; 2], internal_url: &str, log: &Path) -> Self {
        let (invoke, invocations) = mpsc::channel(1);
        let (answers, answered_with) = mpsc::channel(1);
        let api = RuntimeApi { invocations: Arc::new(Mutex::new(invocations)), answers };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{how}", post(answered))
            .with_state(api);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        let function = Command::new(env!("CARGO_BIN_EXE_faxdroid-poller"))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "poller")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_ENDPOINT_URL", moto.endpoint())
            .env("FAXDROID_RETRIES_URL", &queues[0])
            .env("FAXDROID_REFUNDS_URL", &queues[1])
            .env("FAXDROID_INTERNAL_URL", internal_url)
            .stdout(std::fs::File::create(log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { invoke, answers: answered_with, _function: function }
    }

    /// One run of the function, which has to answer within `limit`. Whether it succeeded, and what it said.
    async fn run(&mut self, limit: Duration) -> (bool, Value) {
        self.invoke.send(limit).await.unwrap();
        let answer = tokio::time::timeout(limit, self.answers.recv());
        answer.await.expect("the function ends before its time limit").expect("it is alive")
    }
}

async fn queues(client: &Client) -> [String; 2] {
    let mut urls = [String::new(), String::new()];
    for (url, name) in urls.iter_mut().zip(["retries", "refunds"]) {
        let dead = client.create_queue().queue_name(format!("{name}-dead")).send().await.unwrap();
        let arn = client.get_queue_attributes().queue_url(dead.queue_url().unwrap());
        let arn = arn.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
        let arn = arn.attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
        let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 3 }).to_string();
        let queue =
            client.create_queue().queue_name(name).attributes(QueueAttributeName::RedrivePolicy, policy);
        *url = queue.send().await.unwrap().queue_url().unwrap().to_owned();
    }
    urls
}

async fn sqs(moto: &Moto) -> Client {
    let aws = aws_config::defaults(BehaviorVersion::v2026_01_12()).endpoint_url(moto.endpoint());
    let http = aws_smithy_http_client::Builder::new().build_http();
    Client::new(&aws.http_client(http).load().await)
}

async fn send(client: &Client, queue: &str, body: &str) {
    client.send_message().queue_url(queue).message_body(body).send().await.unwrap();
}

fn letter() -> Vec<u8> {
    let letter = SourceFile { name: "letter.txt".to_owned(), bytes: Bytes::from_static(b"Dear Sir") };
    let document = convert(&[letter], None, &Limits::default()).unwrap();
    document.to_tiff(Resolution::Fine).unwrap()
}

/// A customer with credits and a letter.
struct Customer<'a> {
    server: &'a Server,
    account: AccountId,
    document: String,
}

impl<'a> Customer<'a> {
    async fn of(server: &'a Server) -> Self {
        let app = server.app();
        let account = AccountId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let now = SystemClock.now().as_millisecond();
        let row = store::accounts::Account {
            id: account.to_string(),
            email: "clinic@example.org".to_owned(),
            password_hash: String::new(),
            email_confirmed_at: Some(now),
            sender_name: "Clinic".to_owned(),
            sender_number: "+12125550100".to_owned(),
            created_at: now,
        };
        store::accounts::insert(app.store.connection(), row).await.unwrap();
        let checkout_id = CheckoutId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let transaction = app.store.begin().await.unwrap();
        let purchase = Purchase {
            account_id: &account,
            checkout_id: &checkout_id,
            price_minor: 1_000,
            credits_minor: 1_000,
        };
        ledger::purchase(&transaction, &SystemClock, purchase).await.unwrap();
        transaction.commit().await.unwrap();
        let document = format!("doc_{}", SystemClock.new_ulid());
        let row = store::documents::DocumentRow {
            id: document.clone(),
            account_id: account.to_string(),
            name: "letter.txt".to_owned(),
            files: 1,
            pages: 1,
            content_hash: String::new(),
            storage_key: "letter.tiff".to_owned(),
            fine_bytes: 1_000,
            standard_bytes: 500,
            created_at: now,
            expires_at: None,
        };
        store::documents::insert(app.store.connection(), row).await.unwrap();
        app.files.put("letter.tiff", unnamed_file(&letter())).await.unwrap();
        Self { server, account, document }
    }

    async fn fax(&self, to: &str) -> FaxId {
        let app = self.server.app();
        let id = QuoteId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let now = SystemClock.now().as_millisecond();
        let quote = store::quotes::QuoteRow {
            id: id.to_string(),
            account_id: self.account.to_string(),
            document_id: self.document.clone(),
            to_e164: to.to_owned(),
            country: "US".to_owned(),
            page_multiplier: 1,
            resolution: "fine".to_owned(),
            pages: 1,
            price_minor: 10,
            estimated_seconds: 60,
            calling_hours: None,
            created_at: now,
            expires_at: now + 3_600_000,
            fax_id: None,
        };
        store::quotes::insert(app.store.connection(), quote).await.unwrap();
        fax::create(&app.faxes, &self.account, &id).await.unwrap().id
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_is_carried_to_a_server_however_it_comes() {
    let (database, moto) = tokio::task::spawn_blocking(|| (Database::start(), Moto::start())).await.unwrap();
    let admin = Store::open_mysql(&database.admin_url().parse().unwrap(), None, 1).unwrap();
    admin.connection().execute_unprepared("CREATE DATABASE test").await.unwrap();
    let client = sqs(&moto).await;
    let queues = queues(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let mut config = Config::from_toml(
            "listen = \"127.0.0.1:0\"\ninternal_listen = \"127.0.0.1:0\"\n[site]\nserve = false\n\
             [line]\ntime_scale = 0.001\n[retry]\ndelays = [\"2000s\", \"20s\", \"20s\", \"20s\"]\n\
             [workers]\npoll = \"50ms\"",
        )
        .unwrap();
        config.data_dir = folder.path().to_owned();
        config.database.url = Some(serde_json::from_value(json!(database.url("test"))).unwrap());
        config.database.connections = 4;
        config.queues.kind = QueuesKind::Sqs;
        config.queues.endpoint = Some(moto.endpoint().parse().unwrap());
        config.queues.retries_url = Some(queues[0].parse().unwrap());
        config.queues.refunds_url = Some(queues[1].parse().unwrap());
        servers.push(faxdroid_server::start(config).await.unwrap());
    }
    let internal = servers.iter().map(Server::internal_address).collect();
    let internal = LoadBalancer::start(internal, "/internal/v1/health").await.unwrap();
    let log = folder.path().join("poller.log");
    let mut lambda = Lambda::start(&moto, &queues, &format!("http://{}", internal.address()), &log).await;

    let customer = Customer::of(&servers[0]).await;
    let mut expected = HashMap::new();
    for (to, end) in [
        ("+15005550002", "refunded"),
        ("+15005550003", "refunded"),
        ("+15005550006", "refunded"),
        ("+15005550011", "delivered"),
        ("+15005550012", "delivered"),
        ("+15005559999", "delivered"),
    ] {
        expected.insert(customer.fax(to).await, end);
    }
    // Twice, in the wrong queue, too early, about nothing, and not readable.
    for fax in expected.keys() {
        for queue in [&queues[0], &queues[0], &queues[1]] {
            send(&client, queue, fax.as_str()).await;
        }
    }
    send(&client, &queues[1], &format!("fax_{}", SystemClock.new_ulid())).await;
    send(&client, &queues[0], "../../metrics").await;

    let begin = Instant::now();
    let (mut postponed, mut failed) = (0, 0);
    let store = &servers[1].app().store;
    loop {
        let (succeeded, report) = lambda.run(Duration::from_secs(20)).await;
        postponed += report["postponed"].as_u64().unwrap_or(0);
        failed += report["failed"].as_u64().unwrap_or(u64::from(!succeeded));
        let mut ended = true;
        for fax in expected.keys() {
            let row = store::faxes::find(store.connection(), fax.as_str()).await.unwrap().unwrap();
            ended &= row.completed_at.is_some();
        }
        if ended {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "the faxes do not come to their ends");
        // While nothing waits, one that is known to wait is asked for too early.
        let waiting = store::faxes::due(store.connection(), "retrying", i64::MAX, 1).await.unwrap();
        if let Some(fax) = waiting.first() {
            send(&client, &queues[0], &fax.id).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for (fax, end) in &expected {
        let row = store::faxes::find(store.connection(), fax.as_str()).await.unwrap().unwrap();
        assert_eq!(row.status, *end, "{fax}");
    }
    assert!(postponed > 0, "a message that came too early was put back");
    assert!(failed > 0, "the one that cannot be read was reported");
    let report = ledger::check(store).await.unwrap();
    assert!(report.is_sound(), "{report}");
    let balance = ledger::balance(store.connection(), &customer.account).await.unwrap();
    assert_eq!(
        balance.amount_minor,
        1_000 - 3 * 10,
        "what was delivered was paid for once, the rest came back"
    );

    let letters = async || {
        let dead = client.receive_message().queue_url(format!("{}-dead", queues[0])).send().await.unwrap();
        dead.messages.unwrap_or_default().into_iter().filter_map(|message| message.body).collect::<Vec<_>>()
    };
    loop {
        let letters = letters().await;
        if letters == ["../../metrics"] {
            break;
        }
        assert_eq!(letters, Vec::<String>::new());
        assert!(begin.elapsed() < PATIENCE, "poison goes to the dead letters");
        lambda.run(Duration::from_secs(20)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for server in servers {
        server.stop(Duration::from_secs(5)).await;
    }
    expect_a_log_of_every_message(&std::fs::read_to_string(log).unwrap(), expected.keys());
}

/// Each line is told with the run, and one about a message also with the message and its fax; no number is in any.
fn expect_a_log_of_every_message<'a>(log: &str, faxes: impl Iterator<Item = &'a FaxId>) {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of_runs = lines.iter().filter(|line| line["target"].as_str().unwrap().starts_with("faxdroid_poller"));
    for line in of_runs {
        assert!(
            line["spans"].as_array().is_some_and(|spans| spans.iter().any(|span| span["run"].is_string())),
            "{line}"
        );
    }
    for fax in faxes {
        let handled = lines.iter().find(|line| {
            let fields = &line["fields"];
            fields["message"] == "message_handled" && fields["fax_id"] == fax.as_str()
        });
        let request = handled.expect("a message of every fax was handled")["fields"]["request_id"].as_str();
        assert!(request.is_some_and(|request| !request.is_empty()));
    }
    assert!(!log.contains("500555"), "a number is told");
}

#[tokio::test]
async fn a_run_ends_before_its_time_limit_though_no_server_answers() {
    let moto = tokio::task::spawn_blocking(Moto::start).await.unwrap();
    let client = sqs(&moto).await;
    let queues = queues(&client).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut lambda = Lambda::start(&moto, &queues, &url, &folder.path().join("poller.log")).await;
    let (succeeded, report) = lambda.run(Duration::from_secs(10)).await;
    assert!(succeeded, "nothing to do is no failure: {report}");
    send(&client, &queues[1], &format!("fax_{}", SystemClock.new_ulid())).await;
    let (succeeded, report) = lambda.run(Duration::from_secs(12)).await;
    assert!(!succeeded, "a run in which nothing succeeded is an error: {report}");
    let (succeeded, _) = lambda.run(Duration::from_secs(3)).await;
    assert!(succeeded, "a run without time begins nothing");
}
