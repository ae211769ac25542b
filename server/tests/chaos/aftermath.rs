//! What is left when everything works again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

use faxdroid_contract::faxes::{FaxStatus, MAX_ATTEMPTS};
use faxdroid_server::ledger::{self, LedgerReport};
use faxdroid_server::line::simulated::FarEnd;
use faxdroid_server::store::entities::{attempts, faxes};
use sea_orm::EntityTrait;

use crate::installation::Installation;

/// After the last trouble every fax comes to its end within its retries, leases and lost messages.
const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) struct Aftermath {
    statuses: BTreeMap<String, u32>,
    outcomes: BTreeMap<String, u32>,
    unended: Vec<String>,
    /// Accepted and not there, or there and never accepted.
    strangers: Vec<String>,
    unexplained: Vec<String>,
    copies_beside_receipts: u32,
    ledger: LedgerReport,
}

impl Aftermath {
    pub(crate) async fn of(installation: &Installation, accepted: &[String]) -> Self {
        let store = installation.store();
        let begin = Instant::now();
        let is_final = |fax: &faxes::Model| FaxStatus::parse(&fax.status).is_some_and(FaxStatus::is_final);
        let rows = loop {
            let rows = faxes::Entity::find().all(store.connection()).await.unwrap();
            if rows.iter().all(is_final) || begin.elapsed() > PATIENCE {
                break rows;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let mut of_fax: HashMap<String, Vec<attempts::Model>> = HashMap::new();
        for attempt in attempts::Entity::find().all(store.connection()).await.unwrap() {
            of_fax.entry(attempt.fax_id.clone()).or_default().push(attempt);
        }
        let far_end = FarEnd::new(installation.data().join("far-end"));
        let received: HashMap<String, u32> = far_end
            .list()
            .await
            .unwrap()
            .into_iter()
            .map(|received| (received.attempt_id.to_string(), received.pages_received))
            .collect();
        let mut aftermath = Self {
            statuses: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            unended: rows.iter().filter(|fax| !is_final(fax)).map(|fax| fax.id.clone()).collect(),
            strangers: Vec::new(),
            unexplained: Vec::new(),
            copies_beside_receipts: 0,
            ledger: ledger::check(&store).await.unwrap(),
        };
        let stored: HashSet<&String> = rows.iter().map(|fax| &fax.id).collect();
        let accepted: HashSet<&String> = accepted.iter().collect();
        aftermath.strangers = stored.symmetric_difference(&accepted).map(|id| (*id).clone()).collect();
        for fax in &rows {
            *aftermath.statuses.entry(fax.status.clone()).or_default() += 1;
            aftermath.explain(fax, of_fax.get(&fax.id).map_or(&[], Vec::as_slice), &received);
        }
        aftermath
    }

    /// Every attempt has ended in a way that fits the fax, and the far end has what it says.
    fn explain(&mut self, fax: &faxes::Model, attempts: &[attempts::Model], received: &HashMap<String, u32>) {
        let mut wrong = |what: String| self.unexplained.push(format!("{}: {what}", fax.id));
        let outcome = |attempt: &attempts::Model| attempt.outcome.clone().unwrap_or_default();
        let counted = attempts.iter().filter(|attempt| outcome(attempt) != "line_down").count();
        if i32::try_from(counted) != Ok(fax.attempts_made) || fax.attempts_made > MAX_ATTEMPTS as i32 {
            wrong(format!("{counted} attempts count, and it says {}", fax.attempts_made));
        }
        let delivered = attempts.iter().filter(|attempt| outcome(attempt) == "delivered").count();
        if delivered != usize::from(fax.status == "delivered") {
            wrong(format!("{} with {delivered} attempts that delivered it", fax.status));
        }
        for attempt in attempts {
            let (outcome, copy) = (outcome(attempt), received.get(&attempt.id).copied());
            match outcome.as_str() {
                "" => wrong(format!("attempt {} has not ended", attempt.number)),
                "delivered" if copy != Some(3.min(u32::try_from(fax.pages).unwrap_or(0))) => {
                    wrong(format!(
                        "attempt {} delivered {} pages, and {copy:?} came",
                        attempt.number, fax.pages
                    ));
                }
                // A server that died, or lost its lease, after the last page and before it was written down.
                "line_down" if copy.is_some() => self.copies_beside_receipts += 1,
                _ => {}
            }
            *self.outcomes.entry(outcome).or_default() += 1;
        }
    }

    pub(crate) fn expect_sound(&self, count: u64) {
        assert_eq!(self.unended, Vec::<String>::new(), "faxes that have not ended");
        assert_eq!(
            self.strangers,
            Vec::<String>::new(),
            "faxes accepted and not kept, or kept and not accepted"
        );
        assert_eq!(self.unexplained, Vec::<String>::new());
        assert!(self.ledger.is_sound(), "{}", self.ledger);
        assert_eq!(u64::from(self.statuses.values().sum::<u32>()), count);
        let ends: Vec<_> = self.statuses.keys().map(String::as_str).collect();
        assert!(ends.iter().all(|end| ["delivered", "refunded"].contains(end)), "{ends:?}");
    }
}

impl fmt::Display for Aftermath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "faxes: {:?}", self.statuses)?;
        writeln!(f, "attempts: {:?}", self.outcomes)?;
        writeln!(f, "copies whose call our side lost: {}", self.copies_beside_receipts)?;
        write!(f, "{}", self.ledger)
    }
}
