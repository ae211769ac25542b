//! What the dialplan leaves behind of a call: one file per attempt that was answered, written when the call ends. A server
//! that was gone at that moment reads there how it ended.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faxdroid_contract::ids::AttemptId;

/// More is no result of ours.
const LONGEST: u64 = 16 * 1024;

/// How `SendFAX` ended, as its variables say it. Empty ones are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FaxReport {
    /// `SUCCESS` or `FAILED`; absent when the far end hung up before the fax began.
    pub(super) status: Option<String>,
    /// A word of Asterisk's or a sentence of the modem's; may be filled after a success too.
    pub(super) error: Option<String>,
    /// The end of the T.30 session in the modem's words.
    pub(super) status_string: Option<String>,
    pub(super) pages: u32,
    pub(super) bit_rate: Option<u32>,
    /// Dots to the inch, across and down.
    pub(super) resolution: Option<String>,
    pub(super) remote_station_id: Option<String>,
    /// ITU-T Q.850, when known at that moment.
    pub(super) cause: Option<u32>,
}

impl FaxReport {
    /// A report as the dialplan writes it; `None` when it is not whole.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let fields = Fields::parse(text);
        fields.are_whole().then(|| Self::of(&fields))
    }

    /// Fields come from the far machine and the network: what makes no sense is absent.
    pub(super) fn of(fields: &Fields) -> Self {
        Self {
            status: fields.text("status"),
            error: fields.text("error"),
            status_string: fields.text("status_string"),
            pages: fields.number("pages").unwrap_or(0),
            bit_rate: fields.number("bit_rate").filter(|rate| *rate > 0),
            resolution: fields.text("resolution").and_then(|text| dots_to_the_inch(&text)),
            remote_station_id: fields.text("remote_station_id"),
            cause: fields.number("cause").filter(|cause| *cause > 0),
        }
    }
}

/// Asterisk says dots to the metre, as in `8031x7700`.
fn dots_to_the_inch(to_the_metre: &str) -> Option<String> {
    const MILLIMETRES_OF_AN_INCH: f64 = 25.4;
    let inch = |dots: &str| {
        let dots: u16 = dots.parse().ok()?;
        Some((f64::from(dots) * MILLIMETRES_OF_AN_INCH / 1_000.0).round())
    };
    let (across, down) = to_the_metre.split_once('x')?;
    Some(format!("{}x{}", inch(across)?, inch(down)?))
}

/// What the dialplan says, as a form is encoded.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text.trim_ascii()).into_owned().collect())
    }

    /// `end=1` is the last field: without it, the text is still being written or was cut off.
    pub(super) fn are_whole(&self) -> bool {
        self.0.last().is_some_and(|(name, value)| name == "end" && value == "1")
    }

    /// A line that can be shown; `None` when it is absent or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.0.iter().find(|(field, _)| field == name)?;
        Some(printable(&value.1)).filter(|value| !value.is_empty())
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.text(name)?.parse().ok()
    }
}

/// Station ids and the like are shown to customers: no control characters, and no more than a line of them.
fn printable(value: &str) -> String {
    value.chars().filter(|character| !character.is_control()).take(200).collect::<String>().trim().to_owned()
}

/// The folders that this server and its Asterisk share.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    folder: PathBuf,
}

impl Spool {
    pub(super) fn new(home: &Path) -> Self {
        Self { folder: home.join("spool") }
    }

    /// The document of an attempt that is being sent.
    pub(super) fn document(&self, attempt: &AttemptId) -> PathBuf {
        self.folder.join("out").join(format!("{attempt}.tif"))
    }

    /// Where the dialplan leaves the result of an attempt.
    pub(super) fn result(&self, attempt: &AttemptId) -> PathBuf {
        self.folder.join("results").join(attempt.as_str())
    }

    /// The result of an attempt; `None` when the call has left none, or not yet all of it.
    pub(super) async fn read_result(&self, attempt: &AttemptId) -> io::Result<Option<FaxReport>> {
        let path = self.result(attempt);
        match tokio::fs::metadata(&path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(metadata) if metadata.len() > LONGEST => return Ok(None),
            other => other?,
        };
        Ok(FaxReport::parse(&tokio::fs::read(&path).await?))
    }

    /// Keeps the document where Asterisk finds it.
    pub(super) async fn put_document(&self, attempt: &AttemptId, tiff: &Arc<File>) -> io::Result<PathBuf> {
        for folder in ["out", "results"] {
            tokio::fs::create_dir_all(self.folder.join(folder)).await?;
        }
        let path = self.document(attempt);
        let part = path.with_extension("part");
        let (tiff, copy) = (tiff.clone(), part.clone());
        let copying = tokio::task::spawn_blocking(move || {
            let mut tiff = tiff.as_ref();
            tiff.rewind()?;
            io::copy(&mut tiff, &mut File::create(copy)?)
        });
        copying.await.map_err(io::Error::other)??;
        tokio::fs::rename(&part, &path).await?;
        Ok(path)
    }

    /// Every attempt whose document or result is here.
    pub(super) async fn attempts(&self) -> Vec<AttemptId> {
        let mut attempts = Vec::new();
        for folder in ["out", "results"] {
            // The folders are made with the first document.
            let Ok(mut entries) = tokio::fs::read_dir(self.folder.join(folder)).await else { continue };
            while let Ok(Some(entry)) = entries.next_entry().await {
                let name = entry.file_name();
                let name = name.to_str().map(|name| name.strip_suffix(".tif").unwrap_or(name));
                attempts.extend(name.and_then(|name| name.parse().ok()));
            }
        }
        attempts.sort();
        attempts.dedup();
        attempts
    }

    /// Forgets an attempt whose result is in the database, or was never there.
    pub(super) async fn forget(&self, attempt: &AttemptId) {
        for path in [self.document(attempt), self.result(attempt)] {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "spool_not_cleared");
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = b"status=SUCCESS&error=HANGUP&status_string=OK&pages=3&bit_rate=14400&mode=T38&\
                           remote_station_id=%2B1%20202%20555%200100&cause=16&end=1\n";

    #[test]
    fn a_result_is_read_as_the_dialplan_writes_it() {
        let report = FaxReport::parse(WHOLE).unwrap();
        assert_eq!(report.status.as_deref(), Some("SUCCESS"));
        assert_eq!(report.remote_station_id.as_deref(), Some("+1 202 555 0100"));
        assert_eq!((report.pages, report.bit_rate, report.cause), (3, Some(14_400), Some(16)));
    }

    #[test]
    fn a_resolution_is_told_in_dots_to_the_inch() {
        assert_eq!(dots_to_the_inch("8031x3850").as_deref(), Some("204x98"));
        assert_eq!(dots_to_the_inch("8031x7700").as_deref(), Some("204x196"));
        for nonsense in ["", "8031", "ax7700", "8031x", "-1x2", "99999999x1"] {
            assert_eq!(dots_to_the_inch(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_result_that_is_cut_off_anywhere_is_none() {
        for length in 0..WHOLE.len() - "=1\n".len() {
            assert_eq!(FaxReport::parse(&WHOLE[..length]), None, "cut off after {length} bytes");
        }
    }

    #[test]
    fn what_the_far_machine_sends_is_cleaned() {
        let report =
            FaxReport::parse(b"remote_station_id=%1b%5b31m%00CLINIC%0a&pages=-1&bit_rate=x&cause=&end=1")
                .unwrap();
        assert_eq!(report.remote_station_id.as_deref(), Some("[31mCLINIC"));
        assert_eq!((report.pages, report.bit_rate, report.cause), (0, None, None));
    }
}
