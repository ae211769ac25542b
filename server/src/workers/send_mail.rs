//! Hands over what customers are to be written.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::mail::outgoing::OutgoingMail;

/// At once when something is written here; what failed, or was written by a server that died, at the next look.
pub(super) async fn run(outgoing: Arc<OutgoingMail>, interval: Duration, stop: CancellationToken) {
    loop {
        let more = match stop.run_until_cancelled(outgoing.send_due()).await {
            Some(Ok(more)) => more,
            Some(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "mail_not_looked_for");
                false
            }
            None => return,
        };
        if more {
            continue;
        }
        let wait = async {
            tokio::select! {
                () = outgoing.written.notified() => {}
                () = tokio::time::sleep(interval) => {}
            }
        };
        if stop.run_until_cancelled(wait).await.is_none() {
            return;
        }
    }
}
