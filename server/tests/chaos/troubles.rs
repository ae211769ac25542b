//! What goes wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use faxdroid_server::store::entities::faxes;
use faxdroid_testbed::Faults;
use rand::Rng;
use rand::RngExt;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use crate::installation::Installation;

/// How often what has happened.
#[derive(Debug, Default)]
pub(crate) struct Troubles(BTreeMap<&'static str, u32>);

impl fmt::Display for Troubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let troubles: Vec<_> = self.0.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        f.write_str(&troubles.join(", "))
    }
}

impl Troubles {
    pub(crate) fn count(&self) -> u32 {
        self.0.values().sum()
    }

    /// Something goes wrong, and for most things ends after a while.
    pub(crate) async fn next(&mut self, installation: &mut Installation, random: &mut impl Rng) {
        tokio::time::sleep(Duration::from_millis(random.random_range(200..900))).await;
        let lasts = Duration::from_millis(random.random_range(300..1500));
        let server = random.random_range(0..2);
        let what = match random.random_range(0..10) {
            0 | 1 => {
                installation.kill_server(server).await;
                tokio::time::sleep(lasts).await;
                installation.start_server(server).await;
                "servers killed"
            }
            2 => {
                installation.stop_server(server).await;
                installation.start_server(server).await;
                "servers restarted"
            }
            3 => {
                let mut database = installation.database.take().expect("it runs");
                let restarted = tokio::task::spawn_blocking(move || {
                    database.kill();
                    std::thread::sleep(lasts);
                    database.restart();
                    database
                });
                installation.database = Some(restarted.await.unwrap());
                "database killed"
            }
            4 => {
                let mut redis = installation.redis.take().expect("it runs");
                let restarted = tokio::task::spawn_blocking(move || {
                    redis.kill();
                    std::thread::sleep(lasts);
                    redis.restart();
                    redis
                });
                installation.redis = Some(restarted.await.unwrap());
                "Redis killed"
            }
            5 => {
                let faults = [Faults::Latency(Duration::from_millis(30)), Faults::Reset, Faults::HalfOpen];
                installation.database_network.set(faults[random.random_range(0..faults.len())]);
                tokio::time::sleep(lasts).await;
                installation.database_network.set(Faults::None);
                "network to the database"
            }
            6 => {
                let faults = [Faults::Latency(Duration::from_millis(200)), Faults::Reset, Faults::HalfOpen];
                installation.locks_network.set(faults[random.random_range(0..faults.len())]);
                tokio::time::sleep(lasts).await;
                installation.locks_network.set(Faults::None);
                "network to the locks"
            }
            7 => {
                let faults = [Faults::Latency(Duration::from_millis(300)), Faults::Reset, Faults::HalfOpen];
                installation.queues_network.set(faults[random.random_range(0..faults.len())]);
                tokio::time::sleep(lasts).await;
                installation.queues_network.set(Faults::None);
                "network to the queues"
            }
            _ => {
                send_again(installation, random).await;
                "messages sent again"
            }
        };
        *self.0.entry(what).or_default() += 1;
    }
}

/// Messages that nobody needs: about faxes in any state, at once and late, to both queues, and one that means nothing.
async fn send_again(installation: &Installation, random: &mut impl Rng) {
    let store = installation.store();
    let newest = faxes::Entity::find().order_by_desc(faxes::Column::Id).limit(20);
    let newest = newest.all(store.connection()).await.unwrap_or_default();
    let bodies = newest.into_iter().map(|fax| fax.id).chain(["no fax at all".to_owned()]);
    for body in bodies {
        let queue = &installation.queues[random.random_range(0..2)];
        let delay = random.random_range(0..4);
        let message = installation.sqs.send_message().queue_url(queue).message_body(body);
        message.delay_seconds(delay).send().await.unwrap();
    }
}
