//! Replicas that are behind, as Aurora's are by some milliseconds; this one by the whole life of the database.

use std::time::{Duration, Instant};

use faxdroid_server::store::{ConnectionTrait, Store};
use faxdroid_testbed::Database;
use reqwest::Method;
use serde_json::Value;

use crate::customer::Customer;
use crate::installation::Installation;

const PATIENCE: Duration = Duration::from_secs(60);

/// The same schema and no row, whatever is written.
async fn behind(database: &Database) -> Vec<(&'static str, String)> {
    let admin = Store::open_mysql(&database.admin_url().parse().unwrap(), None, 1).unwrap();
    admin.connection().execute_unprepared("CREATE DATABASE testreplica").await.unwrap();
    let replica = database.url("testreplica");
    Store::open_mysql(&replica.parse().unwrap(), None, 2).unwrap().migrate().await.unwrap();
    vec![("FAXDROID_DATABASE__READER_URL", replica)]
}

async fn get(customer: &Customer, path: &str) -> Value {
    let answer = customer.request(Method::GET, path).send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_reads_what_he_has_just_written_however_far_the_replicas_are_behind() {
    let installation = Installation::with(behind).await;
    // He signs up, confirms his address, pays and uploads, each read again by the next request at another server.
    let customer = Customer::sign_up(&installation, 0, 10).await;
    let fax = customer.send_one_fax_without_retries("+15005550002").await;
    assert_eq!(get(&customer, &format!("/faxes/{fax}")).await["id"], fax);
    assert_eq!(get(&customer, "/faxes").await["data"][0]["id"], fax);
    assert_eq!(get(&customer, "/transactions").await["data"][0]["kind"], "charge");
    let begin = Instant::now();
    while get(&customer, &format!("/faxes/{fax}")).await["status"] != "refunded" {
        assert!(begin.elapsed() < PATIENCE, "the fax is refunded after its fifth attempt");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(get(&customer, "/transactions").await["data"][0]["kind"], "refund");
}
