//! What is not accepted leaves nothing behind, and what is listed can be found.

use std::time::Duration;

use faxdroid_contract::faxes::FaxStatus;
use faxdroid_contract::ids::{AccountId, QuoteId};
use faxdroid_server::clock::Clock;
use faxdroid_server::cursor::Cursor;
use faxdroid_server::fax::{self, CancelError, CreateFaxError, FaxFilter, ResendError};
use faxdroid_server::ledger;
use faxdroid_server::store::documents;

use crate::world::{MINUTE, World};

async fn listed(world: &World, filter: &FaxFilter) -> usize {
    fax::list(&world.faxes, &world.account, filter, None, 100).await.unwrap().data.len()
}

#[tokio::test]
async fn a_fax_that_the_credits_do_not_cover_is_not_stored() {
    let world = World::new().await;
    world.buy(20, 20).await;
    let quote = world.quote("+15005550001", 30).await;
    let refused = fax::create(&world.faxes, &world.account, &quote).await;
    assert!(matches!(refused, Err(CreateFaxError::CreditInsufficient)));
    assert_eq!(world.balance().await, 20);
    assert_eq!(listed(&world, &FaxFilter::default()).await, 0);
    world.buy(20, 20).await;
    fax::create(&world.faxes, &world.account, &quote).await.expect("the quote is still good");
    world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn a_quote_that_has_expired_or_is_somebody_elses_is_refused() {
    let world = World::new().await;
    world.buy(100, 100).await;
    let quote = world.quote("+15005550001", 30).await;
    let stranger = AccountId::from_ulid(&world.clock.new_ulid()).unwrap();
    let unknown = QuoteId::from_ulid(&world.clock.new_ulid()).unwrap();
    for (account, quote) in [(&stranger, &quote), (&world.account, &unknown)] {
        let refused = fax::create(&world.faxes, account, quote).await;
        assert!(matches!(refused, Err(CreateFaxError::QuoteNotFound)));
    }
    world.pass(61 * MINUTE);
    let refused = fax::create(&world.faxes, &world.account, &quote).await;
    assert!(matches!(refused, Err(CreateFaxError::QuoteExpired)));
    assert_eq!(world.balance().await, 100);
}

#[tokio::test]
async fn a_stranger_neither_sees_nor_cancels_nor_resends_a_fax() {
    let world = World::new().await;
    world.buy(100, 100).await;
    let quote = world.quote("+15005550001", 30).await;
    let fax = fax::create(&world.faxes, &world.account, &quote).await.unwrap();
    let stranger = AccountId::from_ulid(&world.clock.new_ulid()).unwrap();
    assert_eq!(fax::get(&world.faxes, &stranger, &fax.id).await.unwrap(), None);
    let canceled = fax::cancel(&world.faxes, &stranger, &fax.id).await;
    assert!(matches!(canceled, Err(CancelError::NotFound)));
    let resent = fax::resend(&world.faxes, &stranger, &fax.id, &world.new_fax()).await;
    assert!(matches!(resent, Err(ResendError::NotFound)));
}

#[tokio::test]
async fn a_fax_is_sent_again_only_when_it_is_finished() {
    let world = World::new().await;
    world.buy(100, 100).await;
    let quote = world.quote("+15005550001", 25).await;
    let fax = fax::create(&world.faxes, &world.account, &quote).await.unwrap();
    let early = fax::resend(&world.faxes, &world.account, &fax.id, &world.new_fax()).await;
    assert!(matches!(early, Err(ResendError::NotFinished)));
    fax::cancel(&world.faxes, &world.account, &fax.id).await.unwrap();
    let again = fax::resend(&world.faxes, &world.account, &fax.id, &world.new_fax()).await.unwrap();
    assert_ne!(again.id, fax.id);
    assert_eq!(again.price.amount_minor, 30, "three pages at today's price");
    assert_eq!(world.balance().await, 70);
    world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn a_fax_that_is_sent_again_twice_under_one_identifier_is_one_fax() {
    let world = World::new().await;
    world.buy(100, 100).await;
    let quote = world.quote("+15005550001", 30).await;
    let fax = fax::create(&world.faxes, &world.account, &quote).await.unwrap();
    fax::cancel(&world.faxes, &world.account, &fax.id).await.unwrap();
    let again = world.new_fax();
    for _ in 0..2 {
        let accepted = fax::resend(&world.faxes, &world.account, &fax.id, &again).await.unwrap();
        assert_eq!(accepted.id, again);
    }
    assert_eq!(world.balance().await, 70);
    // To anybody else the identifier says nothing.
    let stranger = AccountId::from_ulid(&world.clock.new_ulid()).unwrap();
    let refused = fax::resend(&world.faxes, &stranger, &fax.id, &again).await;
    assert!(matches!(refused, Err(ResendError::NotFound)));
    world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn a_document_stays_while_a_fax_needs_it_and_no_fax_is_accepted_without_one() {
    let world = World::new().await;
    world.buy(100, 100).await;
    let (first, second) = (world.quote("+15005550001", 30).await, world.quote("+15005550002", 30).await);
    let fax = fax::create(&world.faxes, &world.account, &first).await.unwrap();
    let (db, now) = (world.faxes.store.connection(), world.clock.now().as_millisecond());
    let document = fax.document_id.as_str();
    // Whoever asked before the fax was accepted asks the statement that deletes.
    assert!(!documents::delete(db, document).await.unwrap());
    assert!(!documents::delete_expired(db, document, now + 365 * 86_400_000).await.unwrap());
    fax::cancel(&world.faxes, &world.account, &fax.id).await.unwrap();
    let a_month = now + 30 * 86_400_000;
    assert!(!documents::delete_expired(db, document, a_month - 1).await.unwrap(), "what was sent is kept");
    assert!(documents::delete_expired(db, document, a_month).await.unwrap(), "and not for ever");

    let refused = fax::create(&world.faxes, &world.account, &second).await;
    assert!(matches!(refused, Err(CreateFaxError::QuoteNotFound)));
    let refused = fax::resend(&world.faxes, &world.account, &fax.id, &world.new_fax()).await;
    assert!(matches!(refused, Err(ResendError::NotFound)));
    assert_eq!(world.balance().await, 100);
    world.expect_a_sound_ledger().await;
}

#[tokio::test]
async fn faxes_are_found_by_number_name_status_and_time() {
    let world = World::new().await;
    world.buy(1_000, 1_000).await;
    let first = world.quote("+15005550001", 30).await;
    let first = fax::create(&world.faxes, &world.account, &first).await.unwrap();
    world.pass(MINUTE);
    let noon = world.clock.now();
    let second = world.quote("+442079460958", 30).await;
    fax::create(&world.faxes, &world.account, &second).await.unwrap();
    fax::cancel(&world.faxes, &world.account, &first.id).await.unwrap();

    let by = |q: &str| FaxFilter { q: Some(q.to_owned()), ..FaxFilter::default() };
    assert_eq!(listed(&world, &by("+44 20 7946")).await, 1);
    assert_eq!(listed(&world, &by("0001")).await, 1);
    assert_eq!(listed(&world, &by("REFERRAL")).await, 2);
    for wildcard in ["%", "_", "!", "re%pdf", "' or 1=1 --", "\\"] {
        assert_eq!(listed(&world, &by(wildcard)).await, 0, "{wildcard} is text");
    }
    let canceled = FaxFilter { status: Some(FaxStatus::Canceled), ..FaxFilter::default() };
    assert_eq!(listed(&world, &canceled).await, 1);
    let after = FaxFilter { created_after: Some(noon), ..FaxFilter::default() };
    assert_eq!(listed(&world, &after).await, 1);
    let before = FaxFilter { created_before: Some(noon), ..FaxFilter::default() };
    assert_eq!(listed(&world, &before).await, 1);
}

#[tokio::test]
async fn pages_of_a_list_show_every_row_once_though_new_ones_arrive() {
    let world = World::new().await;
    world.buy(1_000, 1_000).await;
    for _ in 0..5 {
        let quote = world.quote("+15005550001", 30).await;
        fax::create(&world.faxes, &world.account, &quote).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let filter = FaxFilter::default();
        let page = fax::list(&world.faxes, &world.account, &filter, cursor.as_ref(), 2).await.unwrap();
        seen.extend(page.data.into_iter().map(|fax| fax.id));
        world.pass(Duration::from_secs(1));
        let late = world.quote("+15005550001", 30).await;
        fax::create(&world.faxes, &world.account, &late).await.unwrap();
        let Some(next) = page.next_cursor else { break };
        cursor = Some(Cursor::parse(&next).unwrap());
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (5, 5));

    let page = ledger::statement(&world.faxes.store, &world.account, None, 3).await.unwrap();
    let cursor = Cursor::parse(&page.next_cursor.unwrap()).unwrap();
    let rest = ledger::statement(&world.faxes.store, &world.account, Some(&cursor), 100).await.unwrap();
    assert_eq!((page.data.len(), rest.data.len(), rest.next_cursor), (3, 6, None));
}
