//! Whatever happens, in whatever order, twice or never: no money is lost, and no fax.

use std::collections::HashMap;
use std::time::Duration;

use faxdroid_contract::faxes::{AttemptOutcome, Fax, FaxStatus, MAX_ATTEMPTS};
use faxdroid_contract::ids::{CheckoutId, FaxId, QuoteId};
use faxdroid_server::fax::life::{self, Claim, Lease};
use faxdroid_server::fax::{self, CreateFaxError};
use faxdroid_server::ledger::{self, LedgerError, Purchase};
use faxdroid_server::line::CallResult;
use faxdroid_server::queue::outbox;
use faxdroid_server::store;
use faxdroid_server::store::entities::{destination_lanes, queue_messages};
use faxdroid_server::workers::{poller, sweeper};
use proptest::prelude::*;
use proptest::sample::Index;
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::column;
use crate::world::{MINUTE, World};

const LEASE: Duration = Duration::from_secs(30);
const LOST_AFTER: Duration = Duration::from_secs(120);
const CREDITS: (i64, i64) = (100, 110);

#[derive(Debug, Clone)]
enum Happening {
    Buy,
    Dispute(Index),
    Accept {
        number: u8,
        price: i64,
    },
    AcceptTheSameQuoteAgain(Index),
    Resend(Index),
    Cancel(Index),
    Claim,
    Renew(Index, u32),
    CallEnds(Index, AttemptOutcome),
    /// Its server dies. It may wake up again and speak, see the next one.
    CallerFallsSilent(Index),
    SilentCallerSpeaks(Index, AttemptOutcome),
    EveryServerRestarts,
    TimePasses(u64),
    Relay,
    Poll,
    Sweep,
    QueueLosesEverything,
    QueueDoublesEverything,
}

fn happening() -> impl Strategy<Value = Happening> {
    let index = any::<Index>;
    // No line says that a customer has canceled.
    let said = AttemptOutcome::ALL.into_iter().filter(|outcome| *outcome != AttemptOutcome::Canceled);
    let said: Vec<_> = said.collect();
    let outcome = move || prop::sample::select(said.clone());
    prop_oneof![
        2 => Just(Happening::Buy),
        1 => index().prop_map(Happening::Dispute),
        5 => (0_u8..3, 10_i64..60).prop_map(|(number, price)| Happening::Accept { number, price }),
        1 => index().prop_map(Happening::AcceptTheSameQuoteAgain),
        1 => index().prop_map(Happening::Resend),
        2 => index().prop_map(Happening::Cancel),
        8 => Just(Happening::Claim),
        2 => (index(), 0_u32..4).prop_map(|(index, pages)| Happening::Renew(index, pages)),
        8 => (index(), outcome()).prop_map(|(index, outcome)| Happening::CallEnds(index, outcome)),
        2 => index().prop_map(Happening::CallerFallsSilent),
        2 => (index(), outcome()).prop_map(|(index, outcome)| Happening::SilentCallerSpeaks(index, outcome)),
        1 => Just(Happening::EveryServerRestarts),
        6 => (1_u64..600).prop_map(Happening::TimePasses),
        2 => Just(Happening::Relay),
        6 => Just(Happening::Poll),
        2 => Just(Happening::Sweep),
        1 => Just(Happening::QueueLosesEverything),
        1 => Just(Happening::QueueDoublesEverything),
    ]
}

struct History {
    world: World,
    purchases: Vec<CheckoutId>,
    disputed: Vec<CheckoutId>,
    quotes: Vec<(QuoteId, FaxId)>,
    accepted: Vec<FaxId>,
    calling: Vec<Claim>,
    silent: Vec<Claim>,
    versions: HashMap<FaxId, i64>,
}

impl History {
    async fn begin() -> Self {
        Self {
            world: World::new().await,
            purchases: Vec::new(),
            disputed: Vec::new(),
            quotes: Vec::new(),
            accepted: Vec::new(),
            calling: Vec::new(),
            silent: Vec::new(),
            versions: HashMap::new(),
        }
    }

    async fn happens(&mut self, happening: &Happening) {
        let faxes = self.world.faxes.clone();
        match happening {
            Happening::Buy => self.purchases.push(self.world.buy(CREDITS.0, CREDITS.1).await),
            Happening::Dispute(index) => self.dispute(index).await,
            Happening::Accept { number, price } => self.accept(*number, *price).await,
            Happening::AcceptTheSameQuoteAgain(index) => {
                if let Some((quote, first)) = chosen(index, &self.quotes) {
                    let again = fax::create(&faxes, &self.world.account, quote).await.unwrap();
                    assert_eq!(again.id, *first, "the same quote is the same fax");
                }
            }
            Happening::Resend(index) => {
                let again = self.world.new_fax();
                if let Some(id) = chosen(index, &self.accepted)
                    && let Ok(fax) = fax::resend(&faxes, &self.world.account, id, &again).await
                {
                    let repeated = fax::resend(&faxes, &self.world.account, id, &again).await.unwrap();
                    assert_eq!(repeated, fax, "the same identifier is the same fax");
                    self.accepted.push(fax.id);
                }
            }
            Happening::Cancel(index) => self.cancel(index).await,
            Happening::Claim => self.claim().await,
            Happening::Renew(index, pages) => {
                if let Some(at) = position(index, &self.calling) {
                    let claim = self.calling.swap_remove(at);
                    match life::renew(&faxes, claim.clone(), LEASE, *pages).await.unwrap() {
                        Some(renewed) => self.calling.push(renewed),
                        None => life::hung_up(&faxes, &claim).await.unwrap(),
                    }
                }
            }
            Happening::CallEnds(index, outcome) => {
                if let Some(at) = position(index, &self.calling) {
                    let claim = self.calling.swap_remove(at);
                    if life::end_call(&faxes, claim.clone(), &result(*outcome)).await.unwrap().is_none() {
                        life::hung_up(&faxes, &claim).await.unwrap();
                    }
                }
            }
            Happening::CallerFallsSilent(index) => {
                if let Some(at) = position(index, &self.calling) {
                    self.silent.push(self.calling.swap_remove(at));
                }
            }
            Happening::SilentCallerSpeaks(index, outcome) => {
                if let Some(at) = position(index, &self.silent) {
                    let claim = self.silent.swap_remove(at);
                    life::end_call(&faxes, claim, &result(*outcome)).await.unwrap();
                }
            }
            Happening::EveryServerRestarts => self.calling.clear(),
            Happening::TimePasses(seconds) => self.world.pass(Duration::from_secs(*seconds)),
            Happening::Relay => {
                outbox::relay(&faxes.store, self.world.queue.as_ref(), None).await.unwrap();
            }
            Happening::Poll => {
                poller::tick(&faxes, self.world.queue.as_ref()).await.unwrap();
            }
            Happening::Sweep => {
                sweeper::sweep(&faxes, LOST_AFTER).await.unwrap();
            }
            Happening::QueueLosesEverything => {
                queue_messages::Entity::delete_many().exec(faxes.store.connection()).await.unwrap();
            }
            Happening::QueueDoublesEverything => self.double_messages().await,
        }
    }

    async fn accept(&mut self, number: u8, price: i64) {
        let quote = self.world.quote(&format!("+1500555000{number}"), price).await;
        let before = self.world.balance().await;
        match fax::create(&self.world.faxes, &self.world.account, &quote).await {
            Ok(fax) => {
                assert_eq!(self.world.balance().await, before - price);
                self.accepted.push(fax.id.clone());
                self.quotes.push((quote, fax.id));
            }
            Err(CreateFaxError::CreditInsufficient) => {
                assert!(before < price, "{before} covers {price}");
                assert_eq!(self.world.balance().await, before);
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn dispute(&mut self, index: &Index) {
        let Some(checkout_id) = chosen(index, &self.purchases).cloned() else { return };
        let purchase = Purchase {
            account_id: &self.world.account,
            checkout_id: &checkout_id,
            price_minor: CREDITS.0,
            credits_minor: CREDITS.1,
        };
        let faxes = &self.world.faxes;
        let transaction = faxes.store.begin().await.unwrap();
        let repeated = self.disputed.contains(&checkout_id);
        match ledger::dispute(&transaction, faxes.clock.as_ref(), purchase).await {
            Ok(()) => {
                assert!(!repeated, "a purchase is taken back once");
                transaction.commit().await.unwrap();
                self.disputed.push(checkout_id);
            }
            Err(LedgerError::AlreadyPosted) => assert!(repeated),
            Err(error) => panic!("{error}"),
        }
    }

    async fn cancel(&mut self, index: &Index) {
        let Some(id) = chosen(index, &self.accepted) else { return };
        let before = self.world.balance().await;
        let cancelable = self.fax(id).await.status.is_cancelable();
        match fax::cancel(&self.world.faxes, &self.world.account, id).await {
            Ok(fax) => {
                assert!(cancelable);
                assert_eq!(fax.status, FaxStatus::Canceled);
                assert_eq!(self.world.balance().await, before + fax.price.amount_minor);
            }
            Err(fax::CancelError::NotCancelable) => assert!(!cancelable),
            Err(error) => panic!("{error}"),
        }
    }

    /// As the dispatcher does it, but without looking whether the lane is free.
    async fn claim(&mut self) {
        let faxes = &self.world.faxes;
        let now = faxes.clock.now().as_millisecond();
        let lease = Lease { owner: "server", length: LEASE };
        for fax in store::faxes::due(faxes.store.connection(), "queued", now, 10).await.unwrap() {
            if let Some(claim) = life::claim(faxes, fax, lease).await.unwrap() {
                self.calling.push(claim);
                return;
            }
        }
    }

    async fn double_messages(&self) {
        let db = self.world.faxes.store.connection();
        for message in queue_messages::Entity::find().all(db).await.unwrap() {
            let copy = queue_messages::Model { id: self.world.faxes.clock.new_ulid(), ..message };
            queue_messages::Entity::insert(copy.into_active_model()).exec(db).await.unwrap();
        }
    }

    async fn fax(&self, id: &FaxId) -> Fax {
        let fax = fax::get(&self.world.faxes, &self.world.account, id).await.unwrap();
        fax.expect("an accepted fax never disappears")
    }

    /// What holds at every moment.
    async fn expect_sound(&mut self) {
        self.world.expect_a_sound_ledger().await;
        let mut called = Vec::new();
        for id in self.accepted.clone() {
            let fax = self.fax(&id).await;
            let seen = self.versions.insert(id, fax.version).unwrap_or(0);
            assert!(fax.version >= seen, "versions only grow");
            let open = fax.attempts.iter().filter(|attempt| attempt.outcome.is_none()).count();
            assert_eq!(
                open,
                usize::from(fax.status == FaxStatus::Sending),
                "one attempt is open while it is sent"
            );
            if fax.status == FaxStatus::Sending {
                called.push(fax.to);
            }
            let counted = fax
                .attempts
                .iter()
                .filter(|attempt| attempt.outcome.is_some_and(|outcome| outcome != AttemptOutcome::LineDown));
            assert!(counted.count() <= MAX_ATTEMPTS as usize, "one attempt and four retries");
        }
        called.sort();
        let calls = called.len();
        called.dedup();
        assert_eq!(called.len(), calls, "one call at a time to each number");
        let db = self.world.faxes.store.connection();
        let lanes = destination_lanes::Entity::find().all(db).await.unwrap();
        for to in &called {
            assert!(lanes.iter().any(|lane| lane.to_e164 == *to), "a number that is called has its lane");
        }
        for lane in &lanes {
            let status = self.fax(&lane.fax_id.parse().unwrap()).await.status;
            let hanging_up = status == FaxStatus::Canceled;
            assert!(
                status == FaxStatus::Sending || hanging_up,
                "a lane is occupied only while its number is called"
            );
        }
    }

    /// After a last accident, in which every message is lost, the servers go on until nothing is left to do.
    async fn runs_to_its_end(&mut self) {
        self.happens(&Happening::Relay).await;
        self.happens(&Happening::QueueLosesEverything).await;
        self.silent.clear();
        for round in 0.. {
            assert!(round < 500, "the faxes never come to an end");
            let mut open = 0;
            for id in &self.accepted {
                open += usize::from(!self.fax(id).await.status.is_final());
            }
            if open == 0 {
                return;
            }
            let faxes = self.world.faxes.clone();
            while let Some(claim) = self.calling.pop() {
                let outcome = if round % 3 == 0 { AttemptOutcome::Delivered } else { AttemptOutcome::Busy };
                life::end_call(&faxes, claim, &result(outcome)).await.unwrap();
            }
            poller::tick(&faxes, self.world.queue.as_ref()).await.unwrap();
            self.world.pass(10 * MINUTE);
            sweeper::sweep(&faxes, LOST_AFTER).await.unwrap();
            for _ in 0..3 {
                self.claim().await;
            }
        }
    }

    async fn expect_paid_exactly_for_what_was_delivered(&self) {
        let mut spent = 0;
        for id in &self.accepted {
            let fax = self.fax(id).await;
            let deliveries =
                fax.attempts.iter().filter(|attempt| attempt.outcome == Some(AttemptOutcome::Delivered));
            let delivered = fax.status == FaxStatus::Delivered;
            assert_eq!(deliveries.count(), usize::from(delivered));
            spent += if delivered { fax.price.amount_minor } else { 0 };
        }
        let bought = i64::try_from(self.purchases.len() - self.disputed.len()).unwrap() * CREDITS.1;
        assert_eq!(self.world.balance().await, bought - spent);
    }
}

fn result(outcome: AttemptOutcome) -> CallResult {
    CallResult { outcome, pages_confirmed: 1, ..CallResult::line_down() }
}

fn position<T>(index: &Index, items: &[T]) -> Option<usize> {
    (!items.is_empty()).then(|| index.index(items.len()))
}

fn chosen<'a, T>(index: &Index, items: &'a [T]) -> Option<&'a T> {
    position(index, items).map(|at| &items[at])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: column::histories(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_loses_money_or_a_fax(happenings in prop::collection::vec(happening(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut history = History::begin().await;
            for happening in &happenings {
                history.happens(happening).await;
                history.expect_sound().await;
            }
            history.runs_to_its_end().await;
            history.expect_sound().await;
            history.expect_paid_exactly_for_what_was_delivered().await;
        });
    }
}

#[tokio::test]
async fn a_caller_who_was_given_up_and_speaks_after_all_changes_nothing() {
    let mut history = History::begin().await;
    history.happens(&Happening::Buy).await;
    history.happens(&Happening::Accept { number: 1, price: 30 }).await;
    history.happens(&Happening::Claim).await;
    history.happens(&Happening::TimePasses(31)).await;
    history.happens(&Happening::Sweep).await;
    let late = history.calling.pop().unwrap();
    let ended = life::end_call(&history.world.faxes, late.clone(), &result(AttemptOutcome::Delivered)).await;
    assert_eq!(ended.unwrap(), None);
    assert!(life::renew(&history.world.faxes, late, LEASE, 2).await.unwrap().is_none());
    let fax = history.fax(&history.accepted[0].clone()).await;
    assert_eq!((fax.status, fax.attempts.len()), (FaxStatus::Retrying, 1));
    assert_eq!(fax.attempts[0].outcome, Some(AttemptOutcome::LineDown));
    assert_eq!(fax.attempts[0].pages_confirmed, 0);
}

#[tokio::test]
async fn a_refund_whose_message_was_lost_is_paid_by_the_sweeper() {
    let mut history = History::begin().await;
    history.happens(&Happening::Buy).await;
    history.happens(&Happening::Accept { number: 6, price: 30 }).await;
    history.happens(&Happening::Claim).await;
    let call = history.calling.pop().unwrap();
    life::end_call(&history.world.faxes, call, &result(AttemptOutcome::Unallocated)).await.unwrap();
    history.happens(&Happening::Relay).await;
    history.happens(&Happening::QueueLosesEverything).await;
    history.happens(&Happening::Poll).await;
    assert_eq!(history.fax(&history.accepted[0].clone()).await.status, FaxStatus::Failed);
    history.happens(&Happening::TimePasses(180)).await;
    history.happens(&Happening::Sweep).await;
    history.happens(&Happening::Sweep).await;
    assert_eq!(history.fax(&history.accepted[0].clone()).await.status, FaxStatus::Refunded);
    assert_eq!(history.world.balance().await, CREDITS.1);
    history.expect_sound().await;
}
