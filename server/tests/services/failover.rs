//! The database fails over while it is used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use faxdroid_contract::ids::{AccountId, CheckoutId};
use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::config::Config;
use faxdroid_server::ledger::{self, LedgerError, Purchase};
use faxdroid_server::mail::outgoing::OutgoingMail;
use faxdroid_server::mail::{Mail, MailError, Message};
use faxdroid_server::store::accounts::Account;
use faxdroid_server::store::{self, ConnectionTrait, Store, StoreError, Try};
use faxdroid_testbed::{Database, Faults, FaultyProxy};
use sea_orm::{EntityTrait, PaginatorTrait};
use tokio::sync::Notify;

use crate::column;

const MOMENT: Duration = Duration::from_millis(500);

async fn buy(store: &Store, account: &AccountId) -> Result<(), LedgerError> {
    let checkout = CheckoutId::from_ulid(&SystemClock.new_ulid()).unwrap();
    store.patiently(|which| try_buy(store, account, &checkout, which)).await
}

fn mail(store: &Store) -> OutgoingMail {
    OutgoingMail {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        mail: Arc::new(Nobody),
        config: Arc::new(Config::from_toml("").unwrap()),
        written: Notify::new(),
    }
}

/// No mail is sent here.
struct Nobody;

#[async_trait::async_trait]
impl Mail for Nobody {
    async fn send(&self, message: Message) -> Result<(), MailError> {
        panic!("{} was written to", message.to);
    }
}

fn new_account() -> Account {
    let id = AccountId::from_ulid(&SystemClock.new_ulid()).unwrap().to_string();
    Account {
        email: format!("{id}@example.org"),
        id,
        password_hash: String::new(),
        email_confirmed_at: None,
        sender_name: String::new(),
        sender_number: String::new(),
        created_at: 0,
    }
}

/// A single statement, whose answer may be lost when it has happened.
async fn sign_in(store: &Store, account: &AccountId) -> Result<(), StoreError> {
    let session = store::sessions::Session {
        token_hash: SystemClock.new_ulid(),
        account_id: account.to_string(),
        created_at: 0,
        expires_at: i64::MAX,
    };
    store::sessions::insert(store.connection(), session).await
}

async fn try_buy(
    store: &Store,
    account: &AccountId,
    checkout_id: &CheckoutId,
    which: Try,
) -> Result<(), LedgerError> {
    let transaction = store.begin().await?;
    let purchase = Purchase { account_id: account, checkout_id, price_minor: 100, credits_minor: 100 };
    match ledger::purchase(&transaction, &SystemClock, purchase).await {
        Err(LedgerError::AlreadyPosted) if which == Try::Again => return Ok(()),
        result => result?,
    }
    transaction.commit().await.map_err(|error| LedgerError::Store(StoreError::from(error)))
}

/// As Aurora does it: the writer becomes read-only, its connections break and new ones are refused, it comes up again
/// without what it had not written, and the same name leads to a writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_fails_no_request_and_loses_no_money() {
    let mut database = tokio::task::spawn_blocking(Database::start).await.unwrap();
    let admin = Store::open_mysql(&database.admin_url().parse().unwrap(), None, 1).unwrap();
    admin.connection().execute_unprepared("CREATE DATABASE test").await.unwrap();
    let name = FaultyProxy::start(database.address()).await.unwrap();
    let url = database.url("test").replace(&database.address().to_string(), &name.address().to_string());
    let store = Store::open_mysql(&url.parse().unwrap(), None, 8).unwrap();
    store.migrate().await.unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let bought = Arc::new(AtomicU32::new(0));
    // Its row is what two purchases at once wait for.
    let row = new_account();
    store::accounts::insert(store.connection(), row.clone()).await.unwrap();
    let account: AccountId = row.id.parse().unwrap();
    let mail = Arc::new(mail(&store));
    let customers: Vec<_> = (0..4)
        .map(|_| {
            let (store, stop, bought, account, mail) =
                (store.clone(), stop.clone(), bought.clone(), account.clone(), mail.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    buy(&store, &account).await.unwrap();
                    bought.fetch_add(1, Ordering::SeqCst);
                    sign_in(&store, &account).await.unwrap();
                    mail.welcome(&new_account()).await.unwrap();
                    ledger::balance(store.connection(), &account).await.unwrap();
                }
            })
        })
        .collect();

    tokio::time::sleep(MOMENT).await;
    admin.connection().execute_unprepared("SET GLOBAL read_only = 1").await.unwrap();
    tokio::time::sleep(MOMENT).await;
    name.set(Faults::Reset);
    let database = tokio::task::spawn_blocking(move || {
        database.kill();
        database.restart();
        database
    });
    let database = database.await.unwrap();
    let before = bought.load(Ordering::SeqCst);
    name.set(Faults::None);
    tokio::time::sleep(4 * MOMENT).await;
    stop.store(true, Ordering::SeqCst);
    for customer in customers {
        customer.await.expect("no request failed");
    }
    let bought = bought.load(Ordering::SeqCst);
    assert!(before > 0 && bought > before, "customers buy before and after: {before}, {bought}");
    let balance = ledger::balance(store.connection(), &account).await.unwrap();
    assert_eq!(balance.amount_minor, i64::from(bought) * 100, "what was bought was booked once");
    let sessions = store::entities::sessions::Entity::find().count(store.connection()).await.unwrap();
    assert_eq!(sessions, u64::from(bought), "each sign-in is one session");
    let accounts = store::entities::accounts::Entity::find().count(store.connection()).await.unwrap();
    let mails = store::entities::outgoing_mail::Entity::find().count(store.connection()).await.unwrap();
    assert_eq!(
        (accounts - 1, mails),
        (u64::from(bought), u64::from(bought)),
        "each sign-up is one account and one mail"
    );
    drop(database);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_reported_soon() {
    let database = tokio::task::spawn_blocking(Database::start).await.unwrap();
    let proxy = FaultyProxy::start(database.address()).await.unwrap();
    let url = database.url("").replace(&database.address().to_string(), &proxy.address().to_string());
    let store = Store::open_mysql(&url.parse().unwrap(), None, 2).unwrap();
    store.is_reachable().await.unwrap();
    proxy.set(Faults::HalfOpen);
    let answered = tokio::time::timeout(Duration::from_secs(4), store.is_reachable()).await;
    answered.expect("within the patience of a load balancer").unwrap_err();
}

#[tokio::test]
async fn customers_do_not_notice_that_the_replicas_are_away() {
    let services = column::services().await;
    let replica = FaultyProxy::start(services.database.address()).await.unwrap();
    let writer = column::database(services).await;
    let reader =
        writer.as_str().replace(&services.database.address().to_string(), &replica.address().to_string());
    let store = Store::open_mysql(&writer, Some(&reader.parse().unwrap()), 2).unwrap();
    store.migrate().await.unwrap();
    assert!(ledger::check(&store).await.unwrap().is_sound(), "a check reads the replica");
    replica.set(Faults::Reset);
    let account = AccountId::from_ulid(&SystemClock.new_ulid()).unwrap();
    buy(&store, &account).await.unwrap();
    assert_eq!(ledger::balance(store.connection(), &account).await.unwrap().amount_minor, 100);
}
