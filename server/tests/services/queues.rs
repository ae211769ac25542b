//! What queues promise, kept by SQS.

use std::sync::Arc;
use std::time::{Duration, Instant};

use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::config::{self, Config};
use faxdroid_server::queue::sqs::SqsQueue;
use faxdroid_server::queue::{Message, OutgoingMessage, Queue, QueueName, outbox};
use jiff::{SignedDuration, Timestamp};

use crate::column::{self, Queues};

const PATIENCE: Duration = Duration::from_secs(30);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

pub(crate) async fn settings(name: &str) -> config::Queues {
    let services = column::services().await;
    let queues = Queues::create(services, name).await;
    let mut config = Config::from_toml("").unwrap().queues;
    config.endpoint = Some(services.moto.endpoint().parse().unwrap());
    config.retries_dead_letters_url = Some(format!("{}-dead", queues.retries).parse().unwrap());
    config.refunds_dead_letters_url = Some(format!("{}-dead", queues.refunds).parse().unwrap());
    config.retries_url = Some(queues.retries.parse().unwrap());
    config.refunds_url = Some(queues.refunds.parse().unwrap());
    config
}

pub(crate) async fn sqs(name: &str) -> SqsQueue {
    SqsQueue::new(&settings(name).await, Arc::new(SystemClock)).await
}

pub(crate) fn message(payload: &str, deliver_at: Timestamp) -> OutgoingMessage {
    OutgoingMessage { id: payload.to_owned(), payload: payload.to_owned(), deliver_at }
}

/// Waits for a message.
pub(crate) async fn receive(queue: &SqsQueue, name: QueueName, visibility: Duration) -> Vec<Message> {
    let begin = Instant::now();
    loop {
        let messages = queue.receive(name, 10, visibility).await.unwrap();
        if !messages.is_empty() || begin.elapsed() > PATIENCE {
            return messages;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn more_messages_than_a_batch_takes_all_arrive_in_their_own_queue() {
    let queue = sqs("batches").await;
    let now = SystemClock.now();
    let messages: Vec<_> = (0..25).map(|n| message(&format!("fax {n}"), now)).collect();
    assert_eq!(queue.send(QueueName::Retries, &messages).await.unwrap().len(), 25);
    let mut received = Vec::new();
    while received.len() < 25 {
        let batch = receive(&queue, QueueName::Retries, PATIENCE).await;
        assert!(!batch.is_empty());
        for message in &batch {
            queue.acknowledge(QueueName::Retries, &message.receipt).await.unwrap();
        }
        received.extend(batch.into_iter().map(|message| message.payload));
    }
    let mut sent: Vec<_> = messages.into_iter().map(|message| message.payload).collect();
    sent.sort();
    received.sort();
    assert_eq!(received, sent);
    assert!(queue.receive(QueueName::Refunds, 10, PATIENCE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_message_waits_for_its_time_and_comes_again_until_it_is_acknowledged() {
    let queue = sqs("waiting").await;
    let due = SystemClock.now() + 2 * SECOND;
    queue.send(QueueName::Refunds, &[message("fax", due)]).await.unwrap();
    let first = receive(&queue, QueueName::Refunds, Duration::from_secs(1)).await.remove(0);
    assert!(SystemClock.now() >= due);
    let second = receive(&queue, QueueName::Refunds, PATIENCE).await.remove(0);
    assert_eq!((first.receives, second.receives, second.payload.as_str()), (1, 2, "fax"));
    queue.acknowledge(QueueName::Refunds, &second.receipt).await.unwrap();
    assert!(queue.receive(QueueName::Refunds, 10, PATIENCE).await.unwrap().is_empty());
}

/// SQS refuses a longer delay than 15 minutes, and with it the whole message.
#[tokio::test]
async fn a_message_that_is_due_in_an_hour_is_taken() {
    let queue = sqs("later").await;
    let due = SystemClock.now() + 3600 * SECOND;
    let taken = queue.send(QueueName::Retries, &[message("fax", due)]).await.unwrap();
    assert_eq!(taken, ["fax"]);
}

#[tokio::test]
async fn an_outbox_waits_for_queues_that_are_away() {
    let store = column::store().await;
    let clock = SystemClock;
    let transaction = store.begin().await.unwrap();
    outbox::leave(&transaction, &clock, QueueName::Refunds, "fax", clock.now()).await.unwrap();
    transaction.commit().await.unwrap();

    let settings = settings("away").await;
    let nowhere =
        config::Queues { endpoint: Some("http://127.0.0.1:9".parse().unwrap()), ..settings.clone() };
    let away = SqsQueue::new(&nowhere, Arc::new(clock)).await;
    outbox::relay(&store, &away, None).await.unwrap_err();
    let back = SqsQueue::new(&settings, Arc::new(clock)).await;
    assert_eq!(outbox::relay(&store, &back, None).await.unwrap(), 1);
    assert_eq!(receive(&back, QueueName::Refunds, PATIENCE).await.remove(0).payload, "fax");
}

#[tokio::test]
async fn a_queue_that_is_away_keeps_nothing_from_the_other() {
    let store = column::store().await;
    let clock = SystemClock;
    let transaction = store.begin().await.unwrap();
    for queue in QueueName::ALL {
        outbox::leave(&transaction, &clock, queue, queue.as_str(), clock.now()).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let settings = settings("half").await;
    let gone = config::Queues {
        retries_url: Some("http://127.0.0.1:9/123456789012/gone".parse().unwrap()),
        ..settings.clone()
    };
    let half = SqsQueue::new(&gone, Arc::new(clock)).await;
    outbox::relay(&store, &half, None).await.unwrap_err();
    assert_eq!(receive(&half, QueueName::Refunds, PATIENCE).await.remove(0).payload, "refunds");
    let left = faxdroid_server::store::outbox::oldest(store.connection(), 10).await.unwrap();
    assert_eq!(left.iter().map(|row| row.queue.as_str()).collect::<Vec<_>>(), ["retries"]);
}
