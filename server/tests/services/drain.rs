//! The end of a server, as systemd asks for it.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use faxdroid_server::store;
use reqwest::StatusCode;

use crate::customer::Customer;
use crate::installation::Installation;

const PATIENCE: Duration = Duration::from_secs(30);

async fn status(url: String) -> Option<StatusCode> {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .ok()
        .map(|answer| answer.status())
}

/// One line, on which a call that nobody answers lasts three seconds; the outbox is handed over at the end alone, and the
/// collector of traces is away.
fn settings() -> Vec<(&'static str, String)> {
    [
        ("FAXDROID_LINE__TIME_SCALE", "0.1"),
        ("FAXDROID_LINE__CONCURRENCY", "1"),
        ("FAXDROID_WORKERS__POLL", "1h"),
        ("FAXDROID_WORKERS__NOTICE", "1s"),
        ("FAXDROID_TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:9"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_end_is_not_ready_ends_its_call_hands_over_its_messages_and_begins_nothing()
{
    let mut installation = Installation::with(async |_| settings()).await;
    installation.kill_server(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await; // until the load balancer knows
    let customer = Customer::sign_up(&installation, 0, 10).await;
    let calling = customer.send_one_fax_without_retries("+15005550003").await;
    let waiting = customer.send_one_fax_without_retries("+15005559999").await;
    let store = installation.store();
    let fax = async |id: &str| store::faxes::find(store.connection(), id).await.unwrap().unwrap();
    let begin = Instant::now();
    while fax(&calling).await.status != "sending" {
        assert!(begin.elapsed() < PATIENCE, "it is called");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    installation.ask_to_end(0).await;
    let internal = installation.servers[0].internal;
    let ready = || status(format!("http://{internal}/internal/v1/health"));
    while ready().await != Some(StatusCode::SERVICE_UNAVAILABLE) {
        assert!(begin.elapsed() < PATIENCE, "it says that it is not ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(status(format!("http://{internal}/internal/v1/live")).await, Some(StatusCode::OK));
    assert_eq!(fax(&calling).await.status, "sending", "the call goes on");
    let ended = installation.ended(0).await;
    assert!(ended.success(), "{ended}");

    let called = fax(&calling).await;
    assert_eq!((called.status.as_str(), called.attempts_made, called.line_failures), ("retrying", 1, 0));
    let attempts = store::attempts::of_fax(store.connection(), &calling).await.unwrap();
    assert_eq!(attempts[0].outcome.as_deref(), Some("no_answer"));
    assert_eq!((fax(&waiting).await.status.as_str(), fax(&waiting).await.attempts_made), ("queued", 0));
    assert!(store::outbox::oldest(store.connection(), 10).await.unwrap().is_empty());
    let attributes = installation.sqs.get_queue_attributes().queue_url(&installation.queues[0]);
    let attributes = attributes.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let count = |name| attributes.attributes().unwrap()[&name].parse::<u32>().unwrap();
    let messages = count(QueueAttributeName::ApproximateNumberOfMessages)
        + count(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
        + count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
    assert_eq!(messages, 1, "the retry is in its queue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_ends_within_its_limit_though_its_database_is_away() {
    let mut installation = Installation::with(async |_| {
        let mut settings = settings();
        settings.push(("FAXDROID_WORKERS__DRAIN", "1s".to_owned()));
        settings
    })
    .await;
    let customer = Customer::sign_up(&installation, 0, 10).await;
    customer.send_one_fax_without_retries("+15005550003").await;
    installation.database_network.set(faxdroid_testbed::Faults::HalfOpen);
    let begin = Instant::now();
    for server in [0, 1] {
        installation.ask_to_end(server).await;
    }
    for server in [0, 1] {
        assert!(installation.ended(server).await.success());
    }
    // A second for calls, ten for their results, five for the outbox, ten for requests.
    assert!(begin.elapsed() < Duration::from_secs(32), "{:?}", begin.elapsed());
}
