//! `script/bench api`: the whole service on the machine it runs on (two servers behind a load balancer, MariaDB, Redis,
//! moto and the load itself): faxes accepted and lists read per second, their 99th percentile, and which of them the
//! processors work for; then what the servers' memory grows by in an hour's worth of requests. The faxes are sent
//! meanwhile, as always.
//!
//! `BENCH_SECONDS` says how long each figure is taken (20).

use std::sync::Arc;
use std::time::{Duration, Instant};

use customer::Customer;
use installation::Installation;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

#[path = "../tests/chaos/customer.rs"]
#[allow(dead_code)] // the tests use the rest of it
mod customer;
#[path = "../tests/chaos/installation.rs"]
#[allow(dead_code)]
mod installation;

const CUSTOMERS: u32 = 4;
const AT_ONCE: [usize; 3] = [1, 8, 32];
/// What the servers of infra/README.md have to do in an hour when all their lines are busy: 86,000 faxes a day, and 40
/// requests for each.
const FAXES_AN_HOUR: usize = 3_600;
const REQUESTS_EACH: usize = 40;
/// Of `/proc/PID/stat`, on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

#[derive(Clone, Copy)]
enum What {
    Accept,
    List,
}

#[tokio::main]
async fn main() {
    let seconds =
        std::env::var("BENCH_SECONDS").map_or(20, |text| text.parse().expect("BENCH_SECONDS is a number"));
    let installation = Installation::start().await;
    let mut customers = Vec::new();
    for number in 0..CUSTOMERS {
        customers.push(Arc::new(Customer::sign_up(&installation, number, 40_000).await));
    }
    println!(
        "| requests at once | request | per second | p99 | processors busy for |\n|---|---|---|---|---|"
    );
    for at_once in AT_ONCE {
        for (what, name) in [(What::Accept, "POST /faxes"), (What::List, "GET /faxes")] {
            let busy = Busy::begin(&installation);
            let measured = measure(&customers, at_once, what, Duration::from_secs(seconds)).await;
            println!("| {at_once} | {name} | {measured} | {} |", busy.end(&installation));
        }
    }
    let before = memory(&installation);
    let begin = Instant::now();
    an_hour(&customers).await;
    println!(
        "\nAn hour's worth, {FAXES_AN_HOUR} faxes and {} requests, in {:.0} s: both servers had {} MB before and {} MB after.",
        FAXES_AN_HOUR * REQUESTS_EACH,
        begin.elapsed().as_secs_f64(),
        before / 1024,
        memory(&installation) / 1024,
    );
}

/// The rate and the 99th percentile.
async fn measure(customers: &[Arc<Customer>], at_once: usize, what: What, lasts: Duration) -> String {
    let begin = Instant::now();
    let mut load = JoinSet::new();
    for number in 0..at_once {
        let customer = customers[number % customers.len()].clone();
        load.spawn(async move {
            let mut times = Vec::new();
            for count in 0_usize.. {
                if begin.elapsed() > lasts {
                    break;
                }
                times.push(match what {
                    What::Accept => timed_fax(&customer, &receiver(number * 131 + count)).await,
                    What::List => timed(&customer, "/faxes").await,
                });
            }
            times
        });
    }
    let mut times = load.join_all().await.concat();
    times.sort();
    let rate = times.len() as f64 / begin.elapsed().as_secs_f64();
    let p99 = times[times.len() * 99 / 100];
    format!("{rate:.0} | {:.0} ms", p99.as_secs_f64() * 1000.0)
}

/// Uploads, prices, faxes, and what pages and programs ask about them.
async fn an_hour(customers: &[Arc<Customer>]) {
    const AT_ONCE: usize = 8;
    let mut load = JoinSet::new();
    for number in 0..AT_ONCE {
        let customer = customers[number % customers.len()].clone();
        load.spawn(async move {
            for count in 0..FAXES_AN_HOUR / AT_ONCE {
                let document = customer.upload_letter().await;
                let fax = customer.send_one_fax_without_retries(&receiver(number * 1_000 + count)).await;
                let paths = ["/faxes", &format!("/faxes/{fax}"), "/me", &format!("/documents/{document}")];
                // Three of them are made above.
                for path in paths.iter().cycle().take(REQUESTS_EACH - 3) {
                    timed(&customer, path).await;
                }
            }
        });
    }
    load.join_all().await;
}

/// A number of the test range that receives.
fn receiver(count: usize) -> String {
    format!("+1500555{}", 3000 + count % 7000)
}

/// How long accepting a fax took; its quote is asked for before.
async fn timed_fax(customer: &Customer, to: &str) -> Duration {
    let quote = customer.post("/quotes", &customer.quote_of(to)).await;
    let quote: Value = quote.error_for_status().unwrap().json().await.unwrap();
    let quote = quote["id"].as_str().unwrap();
    let request = customer.request(Method::POST, "/faxes").header("idempotency-key", quote);
    let begin = Instant::now();
    let answer = request.json(&json!({ "quote_id": quote })).send().await.unwrap();
    answer.error_for_status().unwrap().bytes().await.unwrap();
    begin.elapsed()
}

async fn timed(customer: &Customer, path: &str) -> Duration {
    let begin = Instant::now();
    let answer = customer.request(Method::GET, path).send().await.unwrap();
    answer.error_for_status().unwrap().bytes().await.unwrap();
    begin.elapsed()
}

/// Resident memory of the servers, in kB.
fn memory(installation: &Installation) -> u64 {
    let of = |process: u32| -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
    };
    servers(installation).into_iter().filter_map(of).sum()
}

fn servers(installation: &Installation) -> Vec<u32> {
    installation.servers.iter().filter_map(|server| server.process.as_ref()?.id()).collect()
}

/// Whom the processors work for.
struct Busy {
    since: Instant,
    ticks: [u64; 4],
}

impl Busy {
    const NAMES: [&str; 4] = ["servers", "MariaDB", "moto", "load, balancer, poller"];

    fn begin(installation: &Installation) -> Self {
        Self { since: Instant::now(), ticks: Self::ticks(installation) }
    }

    fn end(self, installation: &Installation) -> String {
        let seconds = self.since.elapsed().as_secs_f64() * TICKS_A_SECOND;
        let after = Self::ticks(installation);
        let shares = Self::NAMES.iter().zip(after.iter().zip(self.ticks));
        let shares =
            shares.map(|(name, (after, before))| format!("{name} {:.2}", (after - before) as f64 / seconds));
        shares.collect::<Vec<_>>().join(", ")
    }

    fn ticks(installation: &Installation) -> [u64; 4] {
        let database = installation.database.as_ref().and_then(|database| database.process());
        [
            servers(installation).into_iter().map(ticks).sum(),
            database.map_or(0, ticks),
            installation.moto.process().map_or(0, ticks),
            ticks(std::process::id()),
        ]
    }
}

/// Processor time that a process has used (proc(5), fields 14 and 15).
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before may have spaces in it.
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).unwrap_or_default();
    fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}
