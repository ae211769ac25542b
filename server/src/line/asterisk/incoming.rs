//! Calls to our numbers. The dialplan answers those of which there is a file in `numbers`, has the pages written into `in`,
//! and says in `received` who called and how it ended: once before it answers, and again at the end.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::results::{FaxReport, Fields};
use crate::line::{Ending, Reception};

/// More is no result of ours.
const LONGEST_RESULT: u64 = 16 * 1024;
/// More than the longest call can bring over: 2 hours at 14400 bits per second are 13 MB.
const LARGEST_TIFF: u64 = 64 * 1024 * 1024;
/// More wait for the next look.
const AT_ONCE: usize = 64;

/// The folders that this server and its Asterisk share.
#[derive(Debug)]
pub(super) struct Incoming {
    folder: PathBuf,
    /// What the folder of numbers has been made to say.
    answered: Mutex<Option<BTreeSet<String>>>,
}

impl Incoming {
    pub(super) fn new(home: &Path) -> Self {
        Self { folder: home.join("spool"), answered: Mutex::default() }
    }

    pub(super) async fn answer(&self, numbers: &BTreeSet<String>) -> io::Result<()> {
        if self.answered.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(numbers) {
            return Ok(());
        }
        let folder = self.folder.join("numbers");
        tokio::fs::create_dir_all(&folder).await?;
        let wanted: BTreeSet<&str> = numbers.iter().map(|number| number.trim_start_matches('+')).collect();
        let mut entries = tokio::fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_name().to_str().is_none_or(|name| !wanted.contains(name)) {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        for number in wanted {
            tokio::fs::write(folder.join(number), b"").await?;
        }
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(numbers.clone());
        Ok(())
    }

    /// Calls that have begun and are not forgotten, some of them if there are many.
    pub(super) async fn calls(&self) -> Vec<String> {
        let mut calls = Vec::new();
        // The folder comes with the configuration.
        let Ok(mut entries) = tokio::fs::read_dir(self.folder.join("received")).await else { return calls };
        while let Ok(Some(entry)) = entries.next_entry().await
            && calls.len() < AT_ONCE
        {
            calls.extend(entry.file_name().into_string());
        }
        calls
    }

    /// Those of `calls` that are over; `go_on` are the unique ids of those that are not, where Asterisk could be asked.
    pub(super) async fn receptions(
        &self,
        calls: Vec<String>,
        go_on: Option<&HashSet<String>>,
    ) -> Vec<Reception> {
        let mut receptions = Vec::new();
        for call_id in calls {
            match self.reception(&call_id, go_on).await {
                Ok(reception) => receptions.extend(reception),
                Err(error) => tracing::error!(call_id, %error, "reception_not_read"),
            }
        }
        receptions
    }

    async fn reception(
        &self,
        call_id: &str,
        go_on: Option<&HashSet<String>>,
    ) -> io::Result<Option<Reception>> {
        let result = read_at_most(&self.result(call_id), LONGEST_RESULT).await?.unwrap_or_default();
        let fields = Fields::parse(&result);
        // The dialplan began the name with the call's unique id.
        let unique_id = call_id.rsplit_once('-').map_or(call_id, |(unique_id, _)| unique_id);
        let goes_on = go_on.is_none_or(|go_on| go_on.contains(unique_id));
        if !fields.are_whole() && goes_on {
            return Ok(None);
        }
        let report = FaxReport::of(&fields);
        let complete = report.status.as_deref() == Some("SUCCESS") && report.pages > 0;
        Ok(Some(Reception {
            call_id: call_id.to_owned(),
            to: format!("+{}", fields.text("to").unwrap_or_default()),
            from: fields.text("from"),
            ending: if complete { Ending::Complete } else { Ending::BrokenOff },
            tiff: read_at_most(&self.tiff(call_id), LARGEST_TIFF)
                .await?
                .filter(|tiff| !tiff.is_empty())
                .map(Bytes::from),
            t30_status: report.status_string.or(report.error),
            bit_rate: report.bit_rate,
            remote_station_id: report.remote_station_id,
        }))
    }

    pub(super) async fn forget(&self, reception: &Reception) {
        // The result last: while it is there, the pages belong to somebody.
        for path in [self.tiff(&reception.call_id), self.result(&reception.call_id)] {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(path = %path.display(), %error, "spool_not_cleared");
                }
                _ => {}
            }
        }
    }

    fn result(&self, call_id: &str) -> PathBuf {
        self.folder.join("received").join(call_id)
    }

    fn tiff(&self, call_id: &str) -> PathBuf {
        self.folder.join("in").join(format!("{call_id}.tif"))
    }
}

/// The content of a file; `None` when there is none, or more than `limit`.
async fn read_at_most(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    match tokio::fs::metadata(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(metadata) if metadata.len() > limit => return Ok(None),
        other => other?,
    };
    tokio::fs::read(path).await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "faxdroid-1764110000.12-271828182";

    struct Shared {
        incoming: Incoming,
        home: tempfile::TempDir,
    }

    impl Shared {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            for folder in ["in", "received"] {
                std::fs::create_dir_all(home.path().join("spool").join(folder)).unwrap();
            }
            Self { incoming: Incoming::new(home.path()), home }
        }

        fn write(&self, path: &str, content: &str) {
            std::fs::write(self.home.path().join("spool").join(path), content).unwrap();
        }

        async fn receptions(&self, go_on: Option<&[&str]>) -> Vec<Reception> {
            let go_on = go_on.map(|calls| calls.iter().map(|call| (*call).to_owned()).collect());
            self.incoming.receptions(self.incoming.calls().await, go_on.as_ref()).await
        }

        fn numbers(&self) -> Vec<String> {
            let entries = std::fs::read_dir(self.home.path().join("spool/numbers")).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    fn numbers(numbers: &[&str]) -> BTreeSet<String> {
        numbers.iter().map(|number| (*number).to_owned()).collect()
    }

    #[tokio::test]
    async fn exactly_our_numbers_have_a_file() {
        let shared = Shared::new();
        shared.incoming.answer(&numbers(&["+12025550198", "+12025550199"])).await.unwrap();
        assert_eq!(shared.numbers(), ["12025550198", "12025550199"]);
        shared.incoming.answer(&numbers(&["+12025550199"])).await.unwrap();
        assert_eq!(shared.numbers(), ["12025550199"]);
        // A server that was restarted finds what the one before left.
        let restarted = Incoming::new(shared.home.path());
        restarted.answer(&numbers(&["+12025550200"])).await.unwrap();
        assert_eq!(shared.numbers(), ["12025550200"]);
    }

    #[tokio::test]
    async fn a_reception_that_is_over_is_read_and_forgotten() {
        let shared = Shared::new();
        shared.write(
            &format!("received/{CALL}"),
            "to=12025550199&from=%2B12025550100&status=SUCCESS&pages=2&status_string=OK&bit_rate=14400\
             &remote_station_id=CLINIC%0D%0AEvent%3A%20x&end=1",
        );
        shared.write(&format!("in/{CALL}.tif"), "II*");
        let found = shared.receptions(Some(&[])).await;
        let expected = Reception {
            call_id: CALL.to_owned(),
            to: "+12025550199".to_owned(),
            from: Some("+12025550100".to_owned()),
            ending: Ending::Complete,
            tiff: Some(Bytes::from_static(b"II*")),
            t30_status: Some("OK".to_owned()),
            bit_rate: Some(14_400),
            remote_station_id: Some("CLINICEvent: x".to_owned()),
        };
        assert_eq!(found, [expected]);
        shared.incoming.forget(&found[0]).await;
        assert_eq!(shared.receptions(Some(&[])).await, []);
    }

    #[tokio::test]
    async fn a_call_that_goes_on_is_waited_for_and_one_that_died_with_asterisk_is_broken_off() {
        let shared = Shared::new();
        shared.write(&format!("received/{CALL}"), "to=12025550199&from=anonymous");
        assert_eq!(shared.receptions(None).await, [], "nobody could be asked");
        assert_eq!(shared.receptions(Some(&["faxdroid-1764110000.12"])).await, []);
        let found = shared.receptions(Some(&["another"])).await;
        assert_eq!((found[0].ending, found[0].tiff.as_ref()), (Ending::BrokenOff, None));
        assert_eq!(found[0].to, "+12025550199");
    }
}
