//! What a queue promises, whatever keeps it.

use std::time::Duration;

use faxdroid_server::clock::Clock;
use faxdroid_server::locks::Fence;
use faxdroid_server::queue::{OutgoingMessage, Queue, QueueName, outbox};
use jiff::Timestamp;

use crate::world::{MINUTE, World};

const VISIBILITY: Duration = Duration::from_secs(30);

fn message(payload: &str, deliver_at: Timestamp) -> OutgoingMessage {
    OutgoingMessage { id: payload.to_owned(), payload: payload.to_owned(), deliver_at }
}

async fn received(world: &World, queue: QueueName) -> Vec<String> {
    let messages = world.queue.receive(queue, 10, VISIBILITY).await.unwrap();
    messages.into_iter().map(|message| message.payload).collect()
}

#[tokio::test]
async fn a_message_is_not_delivered_before_its_time_nor_to_another_queue() {
    let world = World::new().await;
    let due = world.clock.now() + MINUTE;
    world.queue.send(QueueName::Retries, &[message("fax", due)]).await.unwrap();
    assert!(received(&world, QueueName::Retries).await.is_empty());
    world.pass(MINUTE);
    assert!(received(&world, QueueName::Refunds).await.is_empty());
    assert_eq!(received(&world, QueueName::Retries).await, ["fax"]);
}

#[tokio::test]
async fn a_message_comes_again_until_it_is_acknowledged() {
    let world = World::new().await;
    let now = world.clock.now();
    world.queue.send(QueueName::Refunds, &[message("fax", now)]).await.unwrap();
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
    assert_eq!(outbox::relay(&world.faxes.store, world.queue.as_ref(), None).await.unwrap(), 1);
    assert_eq!(outbox::relay(&world.faxes.store, world.queue.as_ref(), None).await.unwrap(), 0);
    assert_eq!(received(&world, QueueName::Refunds).await, ["committed"]);
}

#[tokio::test]
async fn a_relay_that_lost_its_lock_sends_nothing_any_more() {
    let world = World::new().await;
    let (store, queue) = (&world.faxes.store, world.queue.as_ref());
    let leave = async |payload: &str| {
        let clock = world.faxes.clock.as_ref();
        let transaction = store.begin().await.unwrap();
        outbox::leave(&transaction, clock, QueueName::Refunds, payload, clock.now()).await.unwrap();
        transaction.commit().await.unwrap();
    };
    leave("first").await;
    assert_eq!(outbox::relay(store, queue, Some(Fence(2))).await.unwrap(), 1);
    leave("second").await;
    assert_eq!(
        outbox::relay(store, queue, Some(Fence(1))).await.unwrap(),
        0,
        "another relay has begun since"
    );
    assert_eq!(outbox::relay(store, queue, Some(Fence(2))).await.unwrap(), 1);
    assert_eq!(outbox::relay(store, queue, Some(Fence(3))).await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_that_nobody_can_handle_is_given_up_and_can_be_put_back() {
    let world = World::new().await;
    let now = world.clock.now();
    world.queue.send(QueueName::Retries, &[message("poison", now)]).await.unwrap();
    for _ in 0..20 {
        assert_eq!(received(&world, QueueName::Retries).await, ["poison"]);
        world.pass(VISIBILITY);
    }
    assert!(received(&world, QueueName::Retries).await.is_empty());
    let letters = world.queue.dead_letters(QueueName::Retries, 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].payload.as_str(), letters[0].receives), (1, "poison", 20));
    assert!(world.queue.dead_letters(QueueName::Refunds, 10).await.unwrap().is_empty());
    world.queue.redrive(QueueName::Retries, &letters[0]).await.unwrap();
    assert!(world.queue.dead_letters(QueueName::Retries, 10).await.unwrap().is_empty());
    assert_eq!(received(&world, QueueName::Retries).await, ["poison"]);
}
