//! A database in memory, a clock that is set by hand, and a customer with a document.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use faxdroid_contract::ids::{AccountId, CheckoutId, FaxId, QuoteId};
use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::fax::Faxes;
use faxdroid_server::fax::schedule::Schedule;
use faxdroid_server::ledger::{self, Purchase};
use faxdroid_server::queue::table::TableQueue;
use faxdroid_server::store::entities::{accounts, documents, quotes};
use jiff::Timestamp;
use sea_orm::{EntityTrait, IntoActiveModel};
use tokio::sync::broadcast;

use crate::column;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Time stands still until it is told to pass, or it is the time of this machine.
pub(crate) enum TestClock {
    ByHand { now: AtomicI64, identifiers: AtomicU64 },
    OfThisMachine,
}

impl TestClock {
    fn by_hand() -> Self {
        Self::ByHand { now: AtomicI64::new(1_790_000_000_000), identifiers: AtomicU64::new(0) }
    }
}

impl Clock for TestClock {
    /// No secret is made here.
    fn random_bytes(&self) -> [u8; 32] {
        [0; 32]
    }

    fn now(&self) -> Timestamp {
        match self {
            Self::ByHand { now, .. } => Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap(),
            Self::OfThisMachine => SystemClock.now(),
        }
    }

    fn new_ulid(&self) -> String {
        match self {
            Self::ByHand { now, identifiers } => {
                let now = u64::try_from(now.load(Ordering::SeqCst)).unwrap();
                let count = identifiers.fetch_add(1, Ordering::SeqCst);
                ulid::Ulid::from_parts(now, u128::from(count)).to_string()
            }
            Self::OfThisMachine => SystemClock.new_ulid(),
        }
    }
}

pub(crate) struct World {
    pub(crate) faxes: Faxes,
    pub(crate) queue: Arc<TableQueue>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) account: AccountId,
    document: String,
}

impl World {
    /// A customer with a confirmed address, a document of three pages and no credits.
    pub(crate) async fn new() -> Self {
        let schedule = Schedule { delays: [3, 5, 15, 40].map(|n| n * MINUTE).to_vec(), time_scale: 1.0 };
        Self::with(TestClock::by_hand(), schedule).await
    }

    /// The same, in a world in which a minute takes 60 milliseconds.
    pub(crate) async fn in_a_hurry() -> Self {
        let schedule = Schedule { delays: [1, 2].map(|n| n * MINUTE).to_vec(), time_scale: 0.001 };
        Self::with(TestClock::OfThisMachine, schedule).await
    }

    async fn with(clock: TestClock, schedule: Schedule) -> Self {
        let clock = Arc::new(clock);
        let time: Arc<dyn Clock> = clock.clone();
        let store = column::store().await;
        let account = AccountId::from_ulid(&time.new_ulid()).unwrap();
        let document = format!("doc_{}", time.new_ulid());
        let now = time.now().as_millisecond();
        let customer = accounts::Model {
            id: account.to_string(),
            email: "clinic@example.org".to_owned(),
            password_hash: String::new(),
            email_confirmed_at: Some(now),
            sender_name: "Lakeside Clinic".to_owned(),
            sender_number: "+12125550100".to_owned(),
            created_at: now,
        };
        accounts::Entity::insert(customer.into_active_model()).exec(store.connection()).await.unwrap();
        let referral = documents::Model {
            id: document.clone(),
            account_id: account.to_string(),
            name: "referral.pdf".to_owned(),
            files: 1,
            pages: 3,
            content_hash: String::new(),
            storage_key: String::new(),
            fine_bytes: 3_000,
            standard_bytes: 1_500,
            created_at: now,
            expires_at: Some(now + 86_400_000),
        };
        documents::Entity::insert(referral.into_active_model()).exec(store.connection()).await.unwrap();
        let faxes = Faxes::new(store.clone(), time.clone(), schedule, broadcast::channel(16).0);
        let queue = Arc::new(TableQueue::new(store, time));
        Self { faxes, queue, clock, account, document }
    }

    pub(crate) fn pass(&self, time: Duration) {
        if let TestClock::ByHand { now, .. } = self.clock.as_ref() {
            now.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        }
    }

    /// Credits that are paid for, as the checkout would add them.
    pub(crate) async fn buy(&self, price_minor: i64, credits_minor: i64) -> CheckoutId {
        let checkout_id = CheckoutId::from_ulid(&self.faxes.clock.new_ulid()).unwrap();
        let transaction = self.faxes.store.begin().await.unwrap();
        let purchase =
            Purchase { account_id: &self.account, checkout_id: &checkout_id, price_minor, credits_minor };
        ledger::purchase(&transaction, self.faxes.clock.as_ref(), purchase).await.unwrap();
        transaction.commit().await.unwrap();
        checkout_id
    }

    /// A price for sending the document to `to`, good for an hour.
    pub(crate) async fn quote(&self, to: &str, price_minor: i64) -> QuoteId {
        let id = QuoteId::from_ulid(&self.faxes.clock.new_ulid()).unwrap();
        let now = self.faxes.clock.now().as_millisecond();
        let quote = quotes::Model {
            id: id.to_string(),
            account_id: self.account.to_string(),
            document_id: self.document.clone(),
            to_e164: to.to_owned(),
            country: "US".to_owned(),
            page_multiplier: 1,
            resolution: "fine".to_owned(),
            pages: 3,
            price_minor,
            estimated_seconds: 60,
            calling_hours: None,
            created_at: now,
            expires_at: now + 3_600_000,
            fax_id: None,
        };
        quotes::Entity::insert(quote.into_active_model()).exec(self.faxes.store.connection()).await.unwrap();
        id
    }

    /// An identifier for a fax that there is not yet.
    pub(crate) fn new_fax(&self) -> FaxId {
        FaxId::from_ulid(&self.clock.new_ulid()).unwrap()
    }

    pub(crate) async fn balance(&self) -> i64 {
        ledger::balance(self.faxes.store.connection(), &self.account).await.unwrap().amount_minor
    }

    pub(crate) async fn expect_a_sound_ledger(&self) {
        let report = ledger::check(&self.faxes.store).await.unwrap();
        assert!(report.is_sound(), "{report}");
    }
}
