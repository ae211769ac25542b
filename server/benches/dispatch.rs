//! `script/bench dispatch`: faxes claimed per second with ever more waiting, by ever more servers at once.
//!
//! Each server claims as the dispatcher does and frees the lane at once, so that the backlog is all that grows. Every figure
//! is taken on a table filled anew. None may be claimed twice. The last row is the worst that customers can do: as many
//! faxes wait before all others for one number, which is being called.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faxdroid_server::clock::SystemClock;
use faxdroid_server::fax::Faxes;
use faxdroid_server::fax::life::{self, Lease};
use faxdroid_server::fax::schedule::Schedule;
use faxdroid_server::store::{self, ConnectionTrait, Store};
use faxdroid_testbed::Database;
use tokio::sync::broadcast;

const BACKLOGS: [u32; 3] = [10_000, 100_000, 1_000_000];
const SERVERS: [usize; 3] = [1, 4, 16];
const LASTS: Duration = Duration::from_secs(5);
const LEASE: Lease<'_> = Lease { owner: "bench", length: Duration::from_secs(3600) };
/// Numbers that are called; each has a lane.
const NUMBERS: u32 = 50_000;
/// Faxes that wait for one number.
const TO_ONE_NUMBER: u32 = 1_000;
const ONE_NUMBER: &str = "+12125559999";

#[tokio::main]
async fn main() {
    let server = Database::start_with(&["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=256M"]);
    println!("| faxes waiting | {} |", SERVERS.map(|servers| format!("{servers} servers")).join(" | "));
    println!("|---|{}", "---|".repeat(SERVERS.len()));
    for backlog in BACKLOGS {
        row(&server, &backlog.to_string(), backlog, 0).await;
    }
    let title = format!("100000, and {TO_ONE_NUMBER} before them to one number");
    row(&server, &title, 100_000, TO_ONE_NUMBER).await;
}

async fn row(server: &Database, title: &str, backlog: u32, to_one_number: u32) {
    let admin = Store::open_mysql(&server.admin_url().parse().unwrap(), None, 1).unwrap();
    let mut cells = Vec::new();
    for servers in SERVERS {
        admin.connection().execute_unprepared("DROP DATABASE IF EXISTS test").await.unwrap();
        admin.connection().execute_unprepared("CREATE DATABASE test").await.unwrap();
        let open = || Store::open_mysql(&server.url("test").parse().unwrap(), None, 2).unwrap();
        fill(&open(), backlog, to_one_number).await;
        let stores = (0..servers).map(|_| open()).collect();
        cells.push(format!("{:.0} claims/s", claim(stores).await));
    }
    println!("| {title} | {} |", cells.join(" | "));
}

/// Faxes that are due, the oldest first. The sequence is MariaDB's own and stays in this bench.
async fn fill(store: &Store, backlog: u32, to_one_number: u32) {
    store.migrate().await.unwrap();
    let all = backlog + to_one_number;
    let insert = format!(
        "INSERT INTO faxes (id, account_id, document_id, document_name, to_e164, country, page_multiplier, resolution,
            pages, price_minor, status, version, attempts_made, line_failures, next_attempt_at, estimated_seconds,
            sender_name, sender_number, created_at)
         SELECT CONCAT('fax_', LPAD(seq, 26, '0')), CONCAT('acc_', LPAD(seq % 1000, 26, '0')), 'doc', 'letter.pdf',
            IF(seq <= {to_one_number}, '{ONE_NUMBER}', CONCAT('+1', 2125550000 + seq % {NUMBERS})), 'US', 1, 'fine', 1,
            10, 'queued', 1, 0, 0, 1700000000000 + seq, 60, 'Clinic', '+12125550100', 1700000000000 + seq
         FROM seq_1_to_{all}"
    );
    store.connection().execute_unprepared(&insert).await.unwrap();
    store::attempts::occupy_lane(store.connection(), ONE_NUMBER, "fax_that_is_being_sent", None)
        .await
        .unwrap();
    store.connection().execute_unprepared("ANALYZE TABLE faxes").await.unwrap();
}

/// Claims per second of all of them together.
async fn claim(stores: Vec<Store>) -> f64 {
    let mut servers = tokio::task::JoinSet::new();
    let begin = Instant::now();
    for store in stores {
        servers.spawn(async move {
            let schedule = Schedule { delays: vec![Duration::from_secs(180); 4], time_scale: 1.0 };
            let faxes = Faxes::new(store, Arc::new(SystemClock), schedule, broadcast::channel(16).0);
            let mut claimed = Vec::new();
            while begin.elapsed() < LASTS {
                // Whoever finds none looks again: others may hold all that he could see.
                let Some(claim) = life::claim_next(&faxes, LEASE).await.unwrap() else { continue };
                store::attempts::leave_lane(faxes.store.connection(), &claim.fax.id).await.unwrap();
                claimed.push(claim.fax.id);
            }
            claimed
        });
    }
    let claimed = servers.join_all().await.concat();
    let seconds = begin.elapsed().as_secs_f64();
    let distinct: HashSet<_> = claimed.iter().collect();
    assert_eq!(distinct.len(), claimed.len(), "a fax was claimed twice");
    claimed.len() as f64 / seconds
}
