//! Takes in what the line has received: keeps the pages, and records the fax, and the mail that announces it, for the account
//! whose number was called. Each step may be repeated: the call names the file and the row.

use std::collections::BTreeSet;
use std::time::Duration;

use faxdroid_contract::ids::ReceivedFaxId;
use faxdroid_contract::received_faxes::ReceptionStatus;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::documents::UploadError;
use crate::documents::render_pool::RenderError;
use crate::line::{Ending, Reception};
use crate::store;
use crate::store::received_faxes::ReceivedFaxRow;

/// Between two looks at the line. A fax has taken a minute or more to come in.
const LOOK: Duration = Duration::from_secs(1);
/// As the columns are wide.
const NUMBER_LENGTH: usize = 32;
const STATION_ID_LENGTH: usize = 64;

pub(super) async fn run(app: App, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
        if let Err(error) = look(&app).await {
            tracing::error!(error = error.as_ref() as &dyn std::error::Error, "faxes_not_received");
        }
    }
}

/// One look at the line.
pub async fn look(app: &App) -> anyhow::Result<()> {
    let numbers = store::numbers::all(app.store.connection()).await?;
    let numbers: BTreeSet<String> = numbers.into_iter().map(|number| number.e164).collect();
    app.line.answer(&numbers).await?;
    for reception in app.line.receptions().await {
        match record(app, &reception).await {
            Ok(()) => app.line.forget_reception(&reception).await,
            // It is still there at the next look, and holds up no other.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(call_id = reception.call_id, error, "reception_not_recorded");
            }
        }
    }
    Ok(())
}

async fn record(app: &App, reception: &Reception) -> Result<(), UploadError> {
    let db = app.store.connection();
    let Some(number) = store::numbers::find(db, &reception.to).await? else {
        tracing::warn!(call_id = reception.call_id, "reception_of_nobody");
        return Ok(());
    };
    if store::received_faxes::of_call(db, &reception.call_id).await?.is_some() {
        return Ok(());
    }
    let key = format!("{}/received/{}.tiff", number.account_id, reception.call_id);
    let pages = match &reception.tiff {
        Some(tiff) => kept(app, &key, tiff).await?,
        None => 0,
    };
    let status = match (pages, reception.ending) {
        (0, _) => ReceptionStatus::Failed,
        (_, Ending::Complete) => ReceptionStatus::Received,
        (_, Ending::BrokenOff) => ReceptionStatus::Partial,
    };
    let row = ReceivedFaxRow {
        id: format!("{}{}", ReceivedFaxId::PREFIX, app.clock.new_ulid()),
        account_id: number.account_id,
        call_id: reception.call_id.clone(),
        to_e164: number.e164,
        from_number: reception.from.as_deref().map(|from| shortened(from, NUMBER_LENGTH)),
        remote_station_id: reception.remote_station_id.as_deref().map(|id| shortened(id, STATION_ID_LENGTH)),
        status: status.as_str().to_owned(),
        pages: i32::try_from(pages).unwrap_or(i32::MAX),
        t30_status: reception.t30_status.clone(),
        bit_rate: reception.bit_rate.and_then(|rate| i32::try_from(rate).ok()),
        storage_key: (pages > 0).then_some(key),
        received_at: app.clock.now().as_millisecond(),
    };
    tracing::info!(received_fax_id = %row.id, status = %row.status, pages, "fax_received");
    match app.outgoing_mail.announce(row).await {
        Err(error) if error.is_duplicate() => Ok(()),
        result => Ok(result?),
    }
}

/// How many pages there are. What cannot be read as pages is none; what could not be kept for other reasons is tried again.
async fn kept(app: &App, key: &str, tiff: &[u8]) -> Result<u32, UploadError> {
    match app.documents.keep_received(key, tiff).await {
        Err(
            error @ (UploadError::Document(_)
            | UploadError::Render(RenderError::TooComplex { .. } | RenderError::Crashed { .. })),
        ) => {
            tracing::error!(key, error = &error as &dyn std::error::Error, "received_pages_unreadable");
            Ok(0)
        }
        other => other,
    }
}

fn shortened(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}
