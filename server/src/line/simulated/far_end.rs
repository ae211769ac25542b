//! What the far ends of the simulated line received: for each call in which a machine answered a TIFF file with the
//! pages that arrived, and beside it a JSON file that says what they belong to. A test opens them, and a developer.

use std::io;
use std::path::PathBuf;

use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_contract::ids::AttemptId;
use serde::{Deserialize, Serialize};
use tokio::fs;

use super::tiff_pages::{self, TiffPage};
use crate::line::{CallResult, OutgoingCall};

/// What one call left at the far end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub attempt_id: AttemptId,
    /// E.164.
    pub to: String,
    /// What the sender's machine called itself.
    pub station_id: String,
    pub pages_received: u32,
    pub pages_sent: u32,
    pub outcome: AttemptOutcome,
}

/// The folder in which it is kept.
#[derive(Debug, Clone)]
pub struct FarEnd {
    folder: PathBuf,
}

impl FarEnd {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Everything received, the latest first.
    pub async fn list(&self) -> io::Result<Vec<Received>> {
        let mut received: Vec<Received> = Vec::new();
        let mut files = match fs::read_dir(&self.folder).await {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(received),
            Err(error) => return Err(error),
        };
        while let Some(file) = files.next_entry().await? {
            if file.path().extension().is_some_and(|extension| extension == "json") {
                received.push(serde_json::from_slice(&fs::read(file.path()).await?)?);
            }
        }
        received.sort_by(|a, b| b.attempt_id.cmp(&a.attempt_id));
        Ok(received)
    }

    /// The pages that arrived in a call, as a TIFF file; `None` when none did.
    pub async fn tiff(&self, attempt_id: &AttemptId) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.file(attempt_id, "tiff")).await {
            Ok(tiff) => Ok(Some(tiff)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn keep(
        &self,
        call: &OutgoingCall,
        tiff: &[u8],
        pages: &[TiffPage],
        result: &CallResult,
    ) -> io::Result<()> {
        fs::create_dir_all(&self.folder).await?;
        let last = (result.pages_confirmed as usize).checked_sub(1).and_then(|index| pages.get(index));
        if let Some(last) = last {
            let tiff = tiff_pages::ending_after(tiff, *last);
            fs::write(self.file(&call.attempt_id, "tiff"), tiff).await?;
        }
        let received = Received {
            attempt_id: call.attempt_id.clone(),
            to: call.to.clone(),
            station_id: call.station_id.clone(),
            pages_received: result.pages_confirmed,
            pages_sent: call.pages,
            outcome: result.outcome,
        };
        // Whoever finds the JSON file finds the pages too, and finds it whole.
        let unfinished = self.file(&call.attempt_id, "unfinished");
        fs::write(&unfinished, serde_json::to_vec_pretty(&received)?).await?;
        fs::rename(unfinished, self.file(&call.attempt_id, "json")).await
    }

    fn file(&self, attempt_id: &AttemptId, extension: &str) -> PathBuf {
        self.folder.join(format!("{attempt_id}.{extension}"))
    }
}
