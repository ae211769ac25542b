//! `/api/v1/faxes/{id}/events`: a fax, told anew whenever it changes, as server-sent events.
//!
//! An event is the whole fax, not a difference: whoever missed one has lost nothing.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use faxdroid_contract::faxes::Fax;
use faxdroid_contract::ids::{AccountId, FaxId};
use faxdroid_contract::problem::Problem;
use futures::{Stream, StreamExt, stream};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::auth::SignedIn;
use super::faxes;
use super::input::Id;
use super::problem::ApiProblem;
use crate::app::App;
use crate::fax;
use crate::store::StoreError;

/// Another server may have changed the fax, and told nobody here.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

struct Follower {
    app: App,
    account: AccountId,
    id: FaxId,
    changes: Receiver<FaxId>,
    seen: i64,
    ended: bool,
}

/// Follows a fax until its end. Each event is named `fax`, its data is the fax and its id the fax's version.
#[utoipa::path(get, path = "/api/v1/faxes/{id}/events", tag = "faxes",
    params(("id" = FaxId, Path), ("Last-Event-ID" = Option<String>, Header, description = "Version of the fax that was seen last")),
    responses(
        (status = 200, description = "Server-sent events", content_type = "text/event-stream", body = Fax),
        (status = 401, description = "`unauthenticated`", body = Problem),
        (status = 404, description = "`not_found`", body = Problem),
    )
)]
pub(crate) async fn follow(
    State(app): State<App>,
    customer: SignedIn,
    Id(id): Id<FaxId>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, ApiProblem> {
    // Before the fax is read, so that no change falls between.
    let changes = app.changes.subscribe();
    faxes::find(&app, &customer, &id).await?;
    let last = headers.get("last-event-id").and_then(|version| version.to_str().ok()?.parse().ok());
    let follower =
        Follower { app, account: customer.id, id, changes, seen: last.unwrap_or(i64::MIN), ended: false };
    let events = stream::unfold(follower, |mut follower| async move {
        let fax = follower.next().await?;
        Some((fax, follower))
    });
    let events = events.map(|fax| Event::default().event("fax").id(fax.version.to_string()).json_data(&fax));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

impl Follower {
    /// The fax once it is newer than what was seen; `None` after its end.
    async fn next(&mut self) -> Option<Fax> {
        // Whoever follows a server that ends comes back to another, and sees there what he has not seen.
        while !self.ended && !self.app.draining.is_cancelled() {
            match self.read().await {
                Ok(Some(fax)) if fax.version > self.seen => {
                    self.seen = fax.version;
                    self.ended = fax.status.is_final();
                    return Some(fax);
                }
                Ok(Some(fax)) => self.ended = fax.status.is_final(),
                Ok(None) => return None,
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "events_read_failed"),
            }
            if !self.ended {
                // A lagging or closed channel is as good as the time being up: the fax is read in any case.
                let draining = self.app.draining.clone();
                let _ = draining.run_until_cancelled(timeout(LOOK_AGAIN, self.changed())).await;
            }
        }
        None
    }

    async fn read(&self) -> Result<Option<Fax>, StoreError> {
        fax::get(&self.app.faxes, &self.account, &self.id).await
    }

    async fn changed(&mut self) {
        while self.changes.recv().await.is_ok_and(|changed| changed != self.id) {}
    }
}
