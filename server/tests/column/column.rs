//! The column of the tests: embedded defaults, or with `TEST_COLUMN=production` the services of production: MariaDB
//! for Aurora MySQL, Redis, and moto for SQS and S3. They are started once for all tests of a program; each test has a
//! database, queues, locks and a bucket of its own.

// Each program uses its part of it.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use faxdroid_poller::{Poller, Settings};
use faxdroid_server::config::{Config, QueuesKind};
use faxdroid_server::store::{ConnectionTrait, Store};
use faxdroid_testbed::{Database, Moto, Redis};

/// How many random histories are tried. A database on a server takes longer to make than one in memory.
pub(crate) fn histories() -> u32 {
    if is_production() { 8 } else { 48 }
}

/// Everything that runs for all tests.
pub(crate) struct Services {
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    pub(crate) moto: Moto,
}

static SERVICES: LazyLock<Services> = LazyLock::new(|| {
    let credentials = std::env::var_os("AWS_ACCESS_KEY_ID").is_some();
    assert!(credentials, "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION to anything");
    std::thread::scope(|scope| {
        let (database, moto) = (scope.spawn(Database::start), scope.spawn(Moto::start));
        Services { redis: Redis::start(), database: database.join().unwrap(), moto: moto.join().unwrap() }
    })
});

/// What is kept apart from test to test is named by it.
fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn is_production() -> bool {
    match std::env::var("TEST_COLUMN").as_deref() {
        Ok("production") => true,
        Ok("embedded") | Err(_) => false,
        Ok(other) => panic!("TEST_COLUMN is embedded or production, not {other}"),
    }
}

pub(crate) async fn services() -> &'static Services {
    tokio::task::spawn_blocking(|| &*SERVICES).await.unwrap()
}

/// An empty database of this release.
pub(crate) async fn store() -> Store {
    let store = if is_production() {
        Store::open_mysql(&database(services().await).await, None, 4).unwrap()
    } else {
        Store::open_in_memory().await.unwrap()
    };
    store.migrate().await.unwrap();
    store
}

/// The address of a new database.
pub(crate) async fn database(services: &Services) -> url::Url {
    let name = next_name();
    let server = Store::open_mysql(&services.database.admin_url().parse().unwrap(), None, 1).unwrap();
    server.connection().execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    services.database.url(&name).parse().unwrap()
}

/// The queues of one test.
pub(crate) struct Queues {
    client: Client,
    pub(crate) retries: String,
    pub(crate) refunds: String,
}

/// Points `config` to services of its own, unless the column is the embedded one.
pub(crate) async fn prepare(config: &mut Config) -> Option<Queues> {
    if !is_production() {
        return None;
    }
    let services = services().await;
    let name = next_name();
    let parse = |text: &str| serde_json::from_value(serde_json::json!(text)).unwrap();
    config.database.url = Some(parse(database(services).await.as_str()));
    config.database.connections = 4;
    config.locks.url = Some(parse(&services.redis.url()));
    config.locks.prefix.clone_from(&name);
    let queues = Queues::create(services, &name).await;
    config.queues.kind = QueuesKind::Sqs;
    config.queues.endpoint = Some(services.moto.endpoint().parse().unwrap());
    config.queues.retries_url = Some(queues.retries.parse().unwrap());
    config.queues.refunds_url = Some(queues.refunds.parse().unwrap());
    create_bucket(services, &name).await;
    config.bucket.name = name;
    config.bucket.endpoint = Some(services.moto.endpoint().parse().unwrap());
    Some(queues)
}

/// By S3's own request, which moto takes unsigned.
pub(crate) async fn create_bucket(services: &Services, name: &str) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = reqwest::Client::new().put(format!("{}/{name}", services.moto.endpoint()));
    request.send().await.unwrap().error_for_status().unwrap();
}

pub(crate) async fn sqs(services: &Services) -> Client {
    let aws = aws_config::defaults(BehaviorVersion::v2026_01_12()).endpoint_url(services.moto.endpoint());
    let http = aws_smithy_http_client::Builder::new().build_http();
    Client::new(&aws.http_client(http).load().await)
}

impl Queues {
    /// Queues with the redrive policy of production's template: a message is given up after the third time.
    pub(crate) async fn create(services: &Services, name: &str) -> Self {
        let client = sqs(services).await;
        let retries = queue(&client, &format!("{name}-retries")).await;
        let refunds = queue(&client, &format!("{name}-refunds")).await;
        Self { client, retries, refunds }
    }

    /// What the Lambda function does, without its minute's pause.
    pub(crate) async fn poll(self, server: SocketAddr) {
        let settings = Settings {
            retries_queue_url: self.retries,
            refunds_queue_url: self.refunds,
            internal_url: format!("http://{server}").parse().unwrap(),
        };
        let poller = Poller::with(self.client, settings).unwrap();
        loop {
            poller.run(Instant::now() + Duration::from_secs(20)).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn queue(client: &Client, name: &str) -> String {
    let dead = client.create_queue().queue_name(format!("{name}-dead")).send().await.unwrap();
    let dead = dead.queue_url().unwrap().to_owned();
    let arn = client.get_queue_attributes().queue_url(dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = arn.send().await.unwrap().attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
    let policy = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 3 }).to_string();
    let queue = client.create_queue().queue_name(name).attributes(QueueAttributeName::RedrivePolicy, policy);
    queue.send().await.unwrap().queue_url().unwrap().to_owned()
}
