//! How the database finds what it is asked for: every statement that is asked again and again has an index that leads to
//! its rows in the order in which they are wanted, so that none reads a whole table and none sorts what it does not
//! answer. A new function of the store fails here until it is asked too.

use std::sync::Mutex;

use faxdroid_server::cursor::Cursor;
use faxdroid_server::locks::{Fence, LockName};
use faxdroid_server::store::faxes::{FaxRow, Filter};
use faxdroid_server::store::{self, Connection, ConnectionTrait, Store};
use sea_orm::{DbBackend, DbErr, EntityTrait, ExecResult, IntoActiveModel, QueryResult, Statement};

use crate::column;

const ACCOUNTS: usize = 50;
const FAXES_EACH: usize = 100;
/// More than the faxes of a customer or those in one status, of which a limit takes the first; the table has five times
/// as many.
const MOST_ROWS: u64 = 1_000;
const NOW: i64 = 1_790_000_000_000;
/// Before which a tenth of all rows were made: what has expired is little beside what has not.
const LONG_AGO: i64 = NOW - (ACCOUNTS * FAXES_EACH * 9 / 10) as i64 * 60_000;

/// Functions of the store whose statements may read everything.
const READ_EVERYTHING: [(&str, &str); 6] = [
    ("attempts::free_channel", "as many lanes as there are calls at this moment"),
    ("numbers::all", "a server answers all of our numbers"),
    ("outgoing_mail::count", "asked by tests"),
    ("outgoing_mail::most_tries", "as much mail as waits, on a replica"),
    ("ledger::sum_of_entries", "the check of the ledger sums every entry, on a replica"),
    ("messages::dead", "an operator lists what was given up, of the embedded queue"),
];

/// Passes on what is asked, and keeps it.
struct Recording<'a> {
    connection: &'a Connection,
    asked: Mutex<Vec<Statement>>,
}

impl Recording<'_> {
    fn keep(&self, statement: &Statement) {
        self.asked.lock().unwrap().push(statement.clone());
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Recording<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.keep(&statement);
        self.connection.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.connection.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.keep(&statement);
        self.connection.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.keep(&statement);
        self.connection.query_all_raw(statement).await
    }
}

fn fax(account: usize, number: usize) -> FaxRow {
    let statuses = ["queued", "sending", "retrying", "failed", "delivered", "refunded", "canceled"];
    let status = statuses[number % statuses.len()];
    let created_at = NOW - i64::try_from(number * ACCOUNTS + account).unwrap() * 60_000;
    FaxRow {
        id: format!("fax_{account:013}{number:013}"),
        account_id: format!("acc_{account:026}"),
        quote_id: None,
        document_id: format!("doc_{account:013}{number:013}"),
        document_name: "referral.pdf".to_owned(),
        to_e164: format!("+1212555{:04}", number % 10_000),
        country: "US".to_owned(),
        page_multiplier: 1,
        resolution: "fine".to_owned(),
        pages: 1,
        price_minor: 10,
        status: status.to_owned(),
        version: 1,
        attempts_made: 0,
        line_failures: 0,
        next_attempt_at: matches!(status, "queued" | "retrying" | "failed").then_some(created_at),
        lease_owner: None,
        lease_until: (status == "sending").then_some(created_at + 3_600_000),
        estimated_seconds: 60,
        calling_hours: None,
        sender_name: String::new(),
        sender_number: String::new(),
        created_at,
        completed_at: matches!(status, "delivered" | "refunded" | "canceled").then_some(created_at),
    }
}

/// Everything else that belongs to these faxes.
const FILL: [&str; 10] = [
    "INSERT INTO accounts (id, email, password_hash, sender_name, sender_number, created_at)
     SELECT account_id, account_id, '', '', '', MIN(created_at) FROM faxes GROUP BY account_id",
    "INSERT INTO documents (id, account_id, name, files, pages, content_hash, storage_key, fine_bytes, standard_bytes,
       created_at, expires_at)
     SELECT document_id, account_id, document_name, 1, 1, id, document_id, 0, 0, created_at, created_at FROM faxes",
    "INSERT INTO quotes (id, account_id, document_id, to_e164, country, page_multiplier, resolution, pages, price_minor,
       estimated_seconds, created_at, expires_at, fax_id)
     SELECT id, account_id, document_id, to_e164, country, 1, resolution, 1, 10, 60, created_at, created_at, id FROM faxes",
    "INSERT INTO attempts (id, fax_id, number, started_at, pages_confirmed) SELECT id, id, 1, created_at, 0 FROM faxes",
    "INSERT INTO destination_lanes (to_e164, fax_id)
     SELECT CONCAT('+1', RIGHT(account_id, 10)), MIN(id) FROM faxes WHERE status = 'sending' GROUP BY account_id",
    "INSERT INTO checkouts (id, account_id, package, price_minor, credits_minor, status, dispute_due_at, created_at)
     SELECT id, account_id, 'clinic', 1, 1, 'succeeded', created_at, created_at FROM faxes",
    "INSERT INTO ledger_transactions (id, kind, account_id, sequence, fax_id, amount_minor, balance_after, unique_key,
       created_at)
     SELECT id, 'charge', account_id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY created_at), id, 1, 1, id,
       created_at FROM faxes",
    "INSERT INTO ledger_entries (id, transaction_id, ledger_account, amount_minor) SELECT id, id, account_id, 1 FROM faxes",
    "INSERT INTO sessions (token_hash, account_id, created_at, expires_at)
     SELECT id, account_id, created_at, created_at FROM faxes",
    "INSERT INTO tokens (token_hash, account_id, purpose, expires_at) SELECT id, account_id, 'reset', created_at FROM faxes",
];
const FILL_QUEUES: [&str; 6] = [
    "INSERT INTO numbers (e164, account_id, assigned_at) SELECT id, account_id, created_at FROM faxes",
    "INSERT INTO received_faxes (id, account_id, call_id, to_e164, status, pages, received_at)
     SELECT id, account_id, id, to_e164, 'received', 1, created_at FROM faxes",
    "INSERT INTO outgoing_mail (id, account_id, letter, tries, due_at)
     SELECT id, account_id, 'confirm_email', 0, created_at FROM faxes",
    "INSERT INTO idempotency_keys (account_id, `key`, request_hash, created_at)
     SELECT account_id, id, '', created_at FROM faxes",
    "INSERT INTO outbox (id, queue, payload, deliver_at, created_at)
     SELECT id, 'retries', id, created_at, created_at FROM faxes",
    "INSERT INTO queue_messages (id, queue, payload, visible_at, receives, created_at)
     SELECT id, 'retries', id, created_at, 0, created_at FROM faxes",
];

async fn filled() -> Store {
    let services = column::services().await;
    let store = Store::open_mysql(&column::database(services).await, None, 2).unwrap();
    store.migrate().await.unwrap();
    let db = store.connection();
    for account in 0..ACCOUNTS {
        let faxes = (0..FAXES_EACH).map(|number| fax(account, number).into_active_model());
        store::entities::faxes::Entity::insert_many(faxes).exec_without_returning(db).await.unwrap();
    }
    for fill in FILL.iter().chain(&FILL_QUEUES) {
        db.execute_unprepared(fill).await.unwrap();
        let table = fill.split_whitespace().nth(2).unwrap();
        db.execute_unprepared(&format!("ANALYZE TABLE {table}")).await.unwrap();
    }
    db.execute_unprepared("ANALYZE TABLE faxes").await.unwrap();
    store
}

/// A number in MySQL, text in MariaDB.
fn rows(row: &QueryResult) -> Option<u64> {
    let text = || row.try_get::<Option<String>>("", "rows").unwrap()?.parse().ok();
    row.try_get("", "rows").unwrap_or_else(|_| text())
}

#[tokio::test]
async fn no_statement_looks_at_a_whole_table() {
    let store = filled().await;
    let db = &Recording { connection: store.connection(), asked: Mutex::default() };
    let account = format!("acc_{:026}", 7);
    let one = fax(7, 3);
    let id = one.id.as_str();
    let cursor = Cursor { position: NOW - 90_000_000, id: one.id.clone() };

    store::accounts::find(db, &account).await.unwrap();
    store::accounts::find_by_email(db, &account).await.unwrap();
    store::accounts::confirm_email(db, &account, NOW).await.unwrap();
    store::accounts::set_password(db, &account, "hash").await.unwrap();
    store::accounts::set_sender(db, &account, "Clinic", "+12125550100").await.unwrap();

    let attempt = store::attempts::find(db, id).await.unwrap().unwrap();
    store::attempts::of_fax(db, id).await.unwrap();
    store::attempts::open(db, id).await.unwrap();
    store::attempts::confirm_pages(db, id, 1).await.unwrap();
    store::attempts::end(db, attempt).await.unwrap();
    store::attempts::occupy_lane(db, &one.to_e164, id, Some(1)).await.unwrap();
    store::attempts::leave_lane(db, id).await.unwrap();
    store::attempts::leave_lanes_of_canceled(db, NOW).await.unwrap();

    store::checkouts::find(db, &account, id).await.unwrap();
    store::checkouts::find_whoevers(db, id).await.unwrap();
    store::checkouts::set_provider_reference(db, id, "cs_1").await.unwrap();
    store::checkouts::set_status(db, id, "succeeded", "disputed", None).await.unwrap();
    store::checkouts::dispute_due(db, LONG_AGO, 20).await.unwrap();

    store::documents::find_by_id(db, &one.document_id).await.unwrap();
    store::documents::find_by_content(db, &account, id).await.unwrap();
    store::documents::lock(db, &one.document_id).await.unwrap();
    store::documents::delete(db, &one.document_id).await.unwrap();
    store::documents::delete_expired(db, &one.document_id, NOW).await.unwrap();
    store::documents::expire_with_fax(db, &one.document_id, NOW).await.unwrap();
    store::documents::existing(db, std::slice::from_ref(&one.document_id)).await.unwrap();
    store::documents::expired(db, LONG_AGO, 50).await.unwrap();

    store::faxes::next_due(db, "queued", NOW).await.unwrap().expect("one is due");
    for status in ["retrying", "failed"] {
        assert!(!store::faxes::due(db, status, LONG_AGO, 100).await.unwrap().is_empty());
        store::faxes::due_since(db, status).await.unwrap();
    }
    store::faxes::with_lease_ended(db, LONG_AGO, 100).await.unwrap();
    let filters = [
        Filter::default(),
        Filter { status: Some("delivered"), ..Filter::default() },
        Filter { name: Some("referral"), digits: Some("555"), ..Filter::default() },
        Filter { created_after: Some(NOW - 900_000_000), created_before: Some(NOW), ..Filter::default() },
    ];
    for filter in &filters {
        store::faxes::list(db, &account, filter, None, 21).await.unwrap();
        store::faxes::list(db, &account, filter, Some(&cursor), 21).await.unwrap();
    }
    store::faxes::find(db, id).await.unwrap();
    store::faxes::find_of_account(db, &account, id).await.unwrap();
    store::faxes::of_account(db, &account).await.unwrap();
    store::faxes::write(db, one.clone()).await.unwrap().expect("nobody else has changed it");

    store::fences::pass(db, LockName::Relay, Fence(1)).await.unwrap();

    let key = store::idempotency::find(db, &account, id).await.unwrap().unwrap();
    store::idempotency::claim(db, &key, NOW).await.unwrap();
    store::idempotency::answer(db, &key, 201, "{}").await.unwrap();
    store::idempotency::forget(db, &key).await.unwrap();
    store::idempotency::forget_before(db, LONG_AGO).await.unwrap();

    store::ledger::lock(db, &account).await.unwrap();
    store::ledger::last(db, &account).await.unwrap();
    store::ledger::statement(db, &account, &["charge", "refund"], Some(10), 21).await.unwrap();
    store::ledger::account_ids(db, &account, 10).await.unwrap();
    store::ledger::history(db, &account).await.unwrap();

    let message = store::messages::due(db, "retries", LONG_AGO, 50).await.unwrap().remove(0);
    store::messages::take(db, &message, NOW).await.unwrap();
    store::messages::revive(db, &message.id, NOW).await.unwrap();
    store::messages::remove(db, &message.id, 0).await.unwrap();

    store::outbox::oldest(db, 500).await.unwrap();
    store::outbox::remove(db, &[one.id.clone(), fax(7, 4).id]).await.unwrap();

    let mail = store::outgoing_mail::due(db, LONG_AGO, 20).await.unwrap().remove(0);
    store::outgoing_mail::take(db, &mail, NOW).await.unwrap();
    store::outgoing_mail::postpone(db, &mail.id, NOW).await.unwrap();
    store::outgoing_mail::delete(db, &mail.id).await.unwrap();

    store::numbers::find(db, id).await.unwrap().unwrap();
    store::numbers::of_account(db, &account).await.unwrap();
    store::numbers::delete(db, id).await.unwrap();

    store::received_faxes::find_of_account(db, &account, id).await.unwrap().unwrap();
    store::received_faxes::of_call(db, id).await.unwrap().unwrap();
    store::received_faxes::list(db, &account, None, 21).await.unwrap();
    store::received_faxes::list(db, &account, Some(&cursor), 21).await.unwrap();
    store::received_faxes::delete(db, id).await.unwrap();

    store::sending::sender(db, &account).await.unwrap();
    store::sending::quote(db, &account, id).await.unwrap();
    store::sending::use_quote(db, id, id).await.unwrap();
    store::sending::document(db, &account, &one.document_id).await.unwrap();
    store::sending::keep_document(db, &one.document_id).await.unwrap();

    store::sessions::account(db, id, 0).await.unwrap().unwrap();
    store::sessions::end(db, id).await.unwrap();
    store::sessions::end_expired(db, LONG_AGO).await.unwrap();
    store::sessions::end_all(db, &account, None).await.unwrap();
    store::sessions::take_token(db, id, "reset", 0).await.unwrap().unwrap();

    let asked = db.asked.lock().unwrap().clone();
    for statement in asked.into_iter().filter(|statement| !statement.sql.starts_with("INSERT")) {
        let explain = Statement { sql: format!("EXPLAIN {}", statement.sql), ..statement };
        for row in store.connection().query_all_raw(explain.clone()).await.unwrap() {
            let rows = rows(&row);
            let table: Option<String> = row.try_get("", "table").unwrap();
            let key: Option<String> = row.try_get("", "key").unwrap();
            let extra: Option<String> = row.try_get("", "Extra").unwrap();
            let sorts =
                explain.sql.contains("LIMIT") && extra.is_some_and(|extra| extra.contains("filesort"));
            assert!(!sorts, "it is sorted: {}", explain.sql);
            let looked_at = rows.unwrap_or(0);
            assert!(looked_at <= MOST_ROWS, "{looked_at} rows of {table:?} by {key:?}: {}", explain.sql);
            let table = table.unwrap_or_default();
            assert!(key.is_some() || looked_at <= 1, "{table} has no index for it: {}", explain.sql);
        }
    }
}

#[test]
fn every_function_of_the_store_is_among_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut missing = Vec::new();
    let mut functions = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if !file.is_file() || module == "connection" {
            continue;
        }
        let source = std::fs::read_to_string(&file).unwrap();
        for name in source.split("pub async fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()) {
            functions += 1;
            let path = format!("{module}::{name}");
            let exempt =
                name.starts_with("insert") || READ_EVERYTHING.iter().any(|(known, _)| *known == path);
            if !exempt && !include_str!("plans.rs").contains(&format!("store::{path}(")) {
                missing.push(path);
            }
        }
    }
    assert!(functions > 60, "{functions} functions were found");
    assert_eq!(missing, Vec::<String>::new(), "ask them in no_statement_looks_at_a_whole_table");
}
