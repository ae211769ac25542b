//! Messages that SQS gave up by its redrive policy, and what an operator does about them.

use std::time::Duration;

use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::queue::{Queue, QueueName};
use faxdroid_server::store;
use faxdroid_server::store::faxes::FaxRow;
use tokio::process::Command;

use crate::column;
use crate::queues::{message, receive, settings, sqs};

#[tokio::test]
async fn a_message_that_was_never_handled_is_kept_apart_and_can_be_put_back() {
    let queue = sqs("dead").await;
    queue.send(QueueName::Retries, &[message("poison", SystemClock.now())]).await.unwrap();
    for _ in 0..3 {
        let received = receive(&queue, QueueName::Retries, Duration::from_secs(1)).await;
        assert_eq!(received[0].payload, "poison");
    }
    // The policy of the tests' queues gives a message up after the third time.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(queue.receive(QueueName::Retries, 10, Duration::ZERO).await.unwrap().is_empty());
    let letters = queue.dead_letters(QueueName::Retries, 10).await.unwrap();
    assert_eq!((letters.len(), letters[0].payload.as_str()), (1, "poison"));
    assert!(letters[0].sent_at.is_some());

    queue.redrive(QueueName::Retries, &letters[0]).await.unwrap();
    let again = receive(&queue, QueueName::Retries, Duration::from_secs(30)).await;
    assert_eq!((again[0].payload.as_str(), again[0].receives), ("poison", 1));
}

fn fax(status: &str) -> FaxRow {
    FaxRow {
        id: format!("fax_{}", SystemClock.new_ulid()),
        account_id: "acc_1".to_owned(),
        quote_id: None,
        document_id: "doc_1".to_owned(),
        document_name: "letter.txt".to_owned(),
        to_e164: "+15005550001".to_owned(),
        country: "US".to_owned(),
        page_multiplier: 1,
        resolution: "fine".to_owned(),
        pages: 1,
        price_minor: 10,
        status: status.to_owned(),
        version: 1,
        attempts_made: 1,
        line_failures: 0,
        next_attempt_at: None,
        lease_owner: None,
        lease_until: None,
        estimated_seconds: 60,
        calling_hours: None,
        sender_name: String::new(),
        sender_number: String::new(),
        created_at: 0,
        completed_at: None,
    }
}

#[tokio::test]
async fn the_operators_command_explains_each_puts_back_what_is_needed_and_deletes_the_rest() {
    let services = column::services().await;
    let database = column::database(services).await;
    let store = store::Store::open_mysql(&database, None, 2).unwrap();
    store.migrate().await.unwrap();
    let (failed, delivered) = (fax("failed"), fax("delivered"));
    let nobody = fax("failed").id;
    for fax in [&failed, &delivered] {
        store::faxes::insert(store.connection(), fax.clone()).await.unwrap();
    }
    let queues = settings("command").await;
    let sqs = column::sqs(services).await;
    let dead = queues.refunds_dead_letters_url.clone().unwrap();
    for body in [failed.id.as_str(), &delivered.id, &nobody, "no fax at all"] {
        sqs.send_message().queue_url(dead.as_str()).message_body(body).send().await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let url = |url: &Option<url::Url>| url.as_ref().unwrap().to_string();
    let run = async |options: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_faxdroid-server"))
            .arg("dead-letters")
            .args(options)
            .env("FAXDROID_DATA_DIR", folder.path())
            .env("FAXDROID_DATABASE__URL", database.as_str())
            .env("FAXDROID_QUEUES__KIND", "sqs")
            .env("FAXDROID_QUEUES__ENDPOINT", url(&queues.endpoint))
            .env("FAXDROID_QUEUES__RETRIES_URL", url(&queues.retries_url))
            .env("FAXDROID_QUEUES__REFUNDS_URL", url(&queues.refunds_url))
            .env("FAXDROID_QUEUES__RETRIES_DEAD_LETTERS_URL", url(&queues.retries_dead_letters_url))
            .env("FAXDROID_QUEUES__REFUNDS_DEAD_LETTERS_URL", url(&queues.refunds_dead_letters_url))
            .output()
            .await
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    let said = run(&["--redrive", "--discard"]).await;
    for (payload, why) in [
        (
            failed.id.as_str(),
            "the fax is still failed; see the servers' logs of this fax, then redrive\n  put back",
        ),
        (&delivered.id, "the fax is delivered; nothing is left to do, discard it\n  deleted"),
        (&nobody, "there is no such fax; discard it\n  deleted"),
        ("no fax at all", "names no fax; discard it\n  deleted"),
    ] {
        let line = said.split_once(&format!("refunds {payload:?}, sent ")).expect(&said).1;
        let explained = line.split_once("times: ").unwrap().1;
        assert!(explained.starts_with(why), "{said}");
    }
    assert_eq!(run(&[]).await, "", "none is left");
    let back = sqs
        .receive_message()
        .queue_url(url(&queues.refunds_url))
        .max_number_of_messages(10)
        .send()
        .await
        .unwrap();
    let back: Vec<_> =
        back.messages.unwrap_or_default().into_iter().filter_map(|message| message.body).collect();
    assert_eq!(back, [failed.id]);
}
