//! What has to be done now and then: expired documents and sessions go, due disputes are booked.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::{payments, store};

/// How long the answer to an idempotency key is kept (milliseconds).
const IDEMPOTENCY_KEPT: i64 = 24 * 60 * 60 * 1000;

pub(super) async fn run(app: App, interval: Duration, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
        if let Err(error) = once(&app).await {
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
