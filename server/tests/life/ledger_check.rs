//! The check of the ledger finds what is wrong with it.

use faxdroid_server::{fax, ledger};
use sea_orm::ConnectionTrait;

use crate::world::World;

/// A customer with one fax that is canceled and one under way.
async fn world() -> World {
    let world = World::new().await;
    world.buy(100, 110).await;
    for to in ["+15005550001", "+15005550002"] {
        let quote = world.quote(to, 30).await;
        let fax = fax::create(&world.faxes, &world.account, &quote).await.unwrap();
        if to == "+15005550001" {
            fax::cancel(&world.faxes, &world.account, &fax.id).await.unwrap();
        }
    }
    world
}

#[tokio::test]
async fn a_ledger_that_nobody_touched_is_sound() {
    let report = ledger::check(&world().await.faxes.store).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.accounts, report.transactions, report.faxes, report.held_minor), (1, 4, 2, 30));
}

#[tokio::test]
async fn every_way_of_tampering_is_found() {
    for (tampering, fault) in [
        (
            "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE amount_minor = 110",
            "do not sum to zero",
        ),
        ("DELETE FROM ledger_entries WHERE ledger_account = 'held'", "do not sum to zero"),
        (
            "UPDATE ledger_transactions SET balance_after = balance_after + 1 WHERE sequence = 2",
            "does not follow",
        ),
        ("UPDATE ledger_transactions SET amount_minor = 0 WHERE kind = 'charge'", "not that of its entries"),
        ("DELETE FROM ledger_transactions WHERE kind = 'purchase'", "not the next one"),
        ("DELETE FROM ledger_transactions WHERE kind = 'refund'", "not settled as its status says"),
        ("UPDATE faxes SET status = 'delivered' WHERE status = 'queued'", "not settled as its status says"),
        ("UPDATE faxes SET status = 'queued' WHERE status = 'canceled'", "not settled as its status says"),
        ("UPDATE faxes SET status = 'lost' WHERE status = 'queued'", "a status that does not exist"),
        ("UPDATE faxes SET price_minor = 29 WHERE status = 'queued'", "not charged exactly once"),
        ("DELETE FROM faxes WHERE status = 'queued'", "a fax that does not exist"),
    ] {
        let world = world().await;
        world.faxes.store.connection().execute_unprepared(tampering).await.unwrap();
        let report = ledger::check(&world.faxes.store).await.unwrap();
        assert!(report.faults.iter().any(|found| found.what.contains(fault)), "{tampering}: {report}");
    }
}
