//! What has to be done now and then: expired documents and sessions go, due disputes are booked.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::locks::{self, LockName};
use crate::{payments, store};

/// How long the answer to an idempotency key is kept (milliseconds).
const IDEMPOTENCY_KEPT: i64 = 24 * 60 * 60 * 1000;

/// Files are looked through so often, and once at the start.
const ORPHANS: Duration = Duration::from_secs(6 * 60 * 60);

enum Turn {
    Everything,
    Orphans,
}

/// Of the lock under which it is done.
const LOCK: Duration = Duration::from_secs(60);

pub(super) async fn run(app: App, interval: Duration, stop: CancellationToken) {
    let mut orphans = tokio::time::interval(ORPHANS);
    loop {
        let turn = async {
            tokio::select! {
                () = tokio::time::sleep(interval) => Turn::Everything,
                _ = orphans.tick() => Turn::Orphans,
            }
        };
        let Some(turn) = stop.run_until_cancelled(turn).await else { return };
        let work = |_fence| async {
            match turn {
                Turn::Everything => once(&app).await,
                Turn::Orphans => {
                    Ok(app.documents.delete_orphans_as_of(app.clock.now()).await.map(|_deleted| ())?)
                }
            }
        };
        let done = locks::exclusively(app.locks.as_ref(), LockName::Housekeeping, LOCK, work).await;
        if let Err(error) = done.transpose() {
            tracing::error!(error = error.as_ref() as &dyn std::error::Error, "housekeeping_failed");
        }
    }
}

/// One round.
pub async fn once(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now().as_millisecond();
    app.documents.delete_expired().await?;
    payments::apply_disputes(&app.store, app.clock.as_ref()).await?;
    store::sessions::end_expired(app.store.connection(), now).await?;
    store::idempotency::forget_before(app.store.connection(), now - IDEMPOTENCY_KEPT).await?;
    Ok(())
}
