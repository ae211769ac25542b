//! The document that is sent, and whether it is what has arrived.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use faxdroid_contract::documents::Resolution;
use faxdroid_contract::ids::AttemptId;
use faxdroid_document::{FaxDocument, Limits, SourceFile, convert};
use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::line::OutgoingCall;
use faxdroid_testbed::unnamed_file;

/// A page of so many is on the line for a few seconds.
pub(crate) const FEW_LINES: usize = 12;
/// A page of so many is on the line for about 10 seconds.
pub(crate) const MANY_LINES: usize = 48;

/// Three pages with different lines on each, so that a page in the wrong place shows.
pub(crate) fn document(lines: usize) -> Vec<u8> {
    made_of(lines).to_tiff(faxdroid_document::Resolution::Standard).unwrap()
}

/// The same in fine resolution, as documents are kept.
pub(crate) fn fine_document(lines: usize) -> Vec<u8> {
    made_of(lines).to_tiff(faxdroid_document::Resolution::Fine).unwrap()
}

fn made_of(lines: usize) -> FaxDocument {
    let line = "the patient was seen on monday and was referred for further imaging";
    let page = |page: &str| format!("{page}: {line}\n").repeat(lines);
    let text = ["First", "Second", "Third"].map(page).join("\x0c");
    let files = [SourceFile { name: "letter.txt".to_owned(), bytes: text.into() }];
    let document = convert(&files, None, &Limits::default()).unwrap();
    assert_eq!(document.page_count(), 3);
    document
}

pub(crate) fn call(to: &str, tiff: Vec<u8>) -> OutgoingCall {
    OutgoingCall {
        attempt_id: AttemptId::from_ulid(&SystemClock.new_ulid()).unwrap(),
        attempt_number: 1,
        to: to.to_owned(),
        tiff: Arc::new(unnamed_file(&tiff)),
        pages: 3,
        resolution: Resolution::Standard,
        station_id: "+12125550100".to_owned(),
    }
}

/// Pixels that differ between two pages, as ImageMagick counts them.
pub(crate) fn differences(sent: &Path, received: &Path, page: usize) -> String {
    let compared = Command::new("compare")
        .args(["-metric", "AE"])
        .arg(format!("{}[{page}]", sent.display()))
        .arg(format!("{}[{page}]", received.display()))
        .arg("null:")
        .output()
        .expect("ImageMagick is installed");
    String::from_utf8_lossy(&compared.stderr).into_owned()
}
