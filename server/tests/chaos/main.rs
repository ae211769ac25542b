//! Two servers on the services of production, while everything fails: servers are killed, MariaDB and Redis end and come
//! back, the network between them delays, resets and swallows, and SQS delivers twice and late. Afterwards every fax was
//! delivered or refunded exactly once, the far end has what the receipts say, and the ledger is sound.
//!
//! `script/chaos` runs it at length. `CHAOS_FAXES` says how many faxes, `CHAOS_SEED` repeats a run.

mod aftermath;
mod customer;
#[allow(dead_code)] // benches and the tests of services use the rest of it
mod installation;
mod troubles;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use customer::Customer;
use installation::Installation;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

const CUSTOMERS: u32 = 3;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fax_ends_once_whatever_fails() {
    let count = setting("CHAOS_FAXES", 60);
    let seed = setting("CHAOS_SEED", u64::from(std::process::id()));
    println!("CHAOS_FAXES={count} CHAOS_SEED={seed}");
    let mut installation = Installation::start().await;
    let mut customers = Vec::new();
    for number in 0..CUSTOMERS {
        customers.push(Customer::sign_up(&installation, number, count).await);
    }
    let begin = Instant::now();
    let mut sending = JoinSet::new();
    for (number, mut customer) in (0..u64::from(CUSTOMERS)).zip(customers) {
        let share = count / u64::from(CUSTOMERS) + u64::from(number < count % u64::from(CUSTOMERS));
        let random = StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(number));
        sending.spawn(async move {
            customer.send_faxes(share, random).await;
            customer
        });
    }
    let mut random = StdRng::seed_from_u64(seed);
    let mut troubles = troubles::Troubles::default();
    let mut customers = Vec::new();
    // Trouble lasts as long as faxes are sent, and then until a fair share of it has come.
    while !sending.is_empty() || troubles.count() < 8 {
        troubles.next(&mut installation, &mut random).await;
        while let Some(done) = sending.try_join_next() {
            customers.push(done.expect("a customer gets all his faxes accepted"));
        }
    }
    installation.mend().await;
    let accepted: Vec<String> = customers.iter().flat_map(|customer| customer.accepted.clone()).collect();
    let aftermath = aftermath::Aftermath::of(&installation, &accepted).await;
    println!("{troubles}");
    println!("{aftermath}");
    println!("{:.0} s, CHAOS_FAXES={count} CHAOS_SEED={seed}", begin.elapsed().as_secs_f64());
    aftermath.expect_sound(count);
    installation.expect_logs_without_secrets(&customers);
}

/// A deployment replaces one server after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarting_the_servers_in_turn_fails_no_request_and_loses_no_fax() {
    let mut installation = Installation::start().await;
    let customer = Arc::new(Customer::sign_up(&installation, 0, 1000).await);
    let stop = Arc::new(AtomicBool::new(false));
    let requests = Arc::new(AtomicU32::new(0));
    let mut load = JoinSet::new();
    for _ in 0..2 {
        let (customer, stop, requests) = (customer.clone(), stop.clone(), requests.clone());
        load.spawn(async move {
            let mut accepted = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                // One try each: what fails here fails for a customer.
                accepted.push(customer.send_one_fax_without_retries("+15005550001").await);
                requests.fetch_add(2, Ordering::SeqCst);
            }
            accepted
        });
    }
    for server in [0, 1] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let status = installation.stop_server(server).await;
        assert!(status.success(), "a server that is asked to end ends well: {status}");
        installation.start_server(server).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::SeqCst);
    let accepted = load.join_all().await.concat();
    println!("{} requests while two servers were replaced", requests.load(Ordering::SeqCst));
    let count = u64::try_from(accepted.len()).unwrap();
    let aftermath = aftermath::Aftermath::of(&installation, &accepted).await;
    println!("{aftermath}");
    aftermath.expect_sound(count);
}
