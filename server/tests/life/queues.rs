//! What a queue promises, whatever keeps it.

use std::time::Duration;

use faxdroid_server::clock::Clock;
use faxdroid_server::queue::{Queue, QueueName, outbox};

use crate::world::{MINUTE, World};

const VISIBILITY: Duration = Duration::from_secs(30);

async fn received(world: &World, queue: QueueName) -> Vec<String> {
    let messages = world.queue.receive(queue, 10, VISIBILITY).await.unwrap();
    messages.into_iter().map(|message| message.payload).collect()
}

#[tokio::test]
async fn a_message_is_not_delivered_before_its_time_nor_to_another_queue() {
    let world = World::new().await;
    let due = world.clock.now() + MINUTE;
    world.queue.send(QueueName::Retries, "fax", due).await.unwrap();
    assert!(received(&world, QueueName::Retries).await.is_empty());
    world.pass(MINUTE);
    assert!(received(&world, QueueName::Refunds).await.is_empty());
    assert_eq!(received(&world, QueueName::Retries).await, ["fax"]);
}

#[tokio::test]
async fn a_message_comes_again_until_it_is_acknowledged() {
    let world = World::new().await;
    let now = world.clock.now();
    world.queue.send(QueueName::Refunds, "fax", now).await.unwrap();
    let first = world.queue.receive(QueueName::Refunds, 10, VISIBILITY).await.unwrap().remove(0);
    assert!(received(&world, QueueName::Refunds).await.is_empty(), "it is invisible while it is handled");
    world.pass(VISIBILITY);
    let second = world.queue.receive(QueueName::Refunds, 10, VISIBILITY).await.unwrap().remove(0);
    assert_eq!((first.receives, second.receives), (1, 2));
    world.queue.acknowledge(QueueName::Refunds, &first.receipt).await.unwrap();
    world.pass(VISIBILITY);
    let third = world.queue.receive(QueueName::Refunds, 10, VISIBILITY).await.unwrap().remove(0);
    world.queue.acknowledge(QueueName::Refunds, &third.receipt).await.unwrap();
    world.pass(VISIBILITY);
    assert!(received(&world, QueueName::Refunds).await.is_empty());
}

#[tokio::test]
async fn a_message_is_in_the_outbox_only_if_its_transaction_was_committed() {
    let world = World::new().await;
    let clock = world.faxes.clock.as_ref();
    for payload in ["rolled back", "committed"] {
        let transaction = world.faxes.store.begin().await.unwrap();
        outbox::leave(&transaction, clock, QueueName::Refunds, payload, clock.now()).await.unwrap();
        if payload == "committed" {
            transaction.commit().await.unwrap();
        }
    }
    assert_eq!(outbox::relay(&world.faxes.store, world.queue.as_ref()).await.unwrap(), 1);
    assert_eq!(outbox::relay(&world.faxes.store, world.queue.as_ref()).await.unwrap(), 0);
    assert_eq!(received(&world, QueueName::Refunds).await, ["committed"]);
}
