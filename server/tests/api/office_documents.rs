//! Office documents: what LibreOffice makes of them becomes a fax.

use std::io::Cursor;
use std::time::Duration;

use faxdroid_contract::documents::Document;
use faxdroid_contract::problem::ProblemCode;

use crate::support::files::LETTER;
use crate::support::{TestApp, office};

/// Whether there is ink on a page.
fn is_written_on(png: &[u8]) -> bool {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rows).unwrap();
    rows.iter().any(|byte| *byte != 0xff)
}

#[tokio::test]
async fn documents_of_office_programs_become_pages() {
    let app = TestApp::start().await;
    assert!(app.app().config.documents.office.exists(), "LibreOffice is missing: run script/bootstrap");
    let ada = app.customer().await;
    for (name, bytes, pages) in office::documents() {
        let document: Document = ada.upload(&[(name, &bytes)]).await.expect(201).json();
        assert_eq!((document.name.as_str(), document.pages), (name, pages));
        let page = ada.get(&format!("/documents/{}/pages/{pages}.png", document.id)).await.expect(200);
        assert!(is_written_on(&page.body), "{name}");
    }
    app.end().await;
}

#[tokio::test]
async fn an_office_document_stands_among_other_files_in_its_place() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = office::docx();
    let files = [("a.pdf", LETTER), ("b.docx", &letter), ("c.txt", b"The end.")];
    let document: Document = ada.upload(&files).await.expect(201).json();
    assert_eq!((document.files, document.pages), (3, 6));
    let fourth = ada.get(&format!("/documents/{}/pages/4.png", document.id)).await.expect(200);
    let alone: Document = ada.upload(&[("b.docx", &letter)]).await.expect(201).json();
    let first = ada.get(&format!("/documents/{}/pages/1.png", alone.id)).await.expect(200);
    assert!(fourth.body == first.body);
    app.end().await;
}

#[tokio::test]
async fn office_documents_are_refused_where_there_is_no_office_program() {
    let app = TestApp::with(|config| config.documents.office = "/nowhere/soffice.bin".into()).await;
    let ada = app.customer().await;
    for (name, bytes, _) in office::documents() {
        let refused = ada.upload(&[("letter.pdf", LETTER), (name, &bytes)]).await;
        let code = ProblemCode::DocumentTypeUnavailable;
        refused.problem_of(code, &[&format!("/files {}", code.as_str())]);
    }
    assert_eq!(app.documents().await, 0);
    ada.upload(&[("letter.pdf", LETTER)]).await.expect(201);
    app.end().await;
}

#[tokio::test]
async fn a_damaged_and_an_encrypted_office_document_are_told_apart() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let encrypted = office::odt("<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>");
    ada.upload(&[("secret.odt", &encrypted)]).await.problem(ProblemCode::DocumentEncrypted);
    let mut damaged = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    damaged.resize(1024, 0xff);
    damaged.extend("WordDocument\0".encode_utf16().flat_map(u16::to_le_bytes));
    damaged.resize(2048, 0);
    ada.upload(&[("letter.doc", &damaged)]).await.problem(ProblemCode::DocumentUnreadable);
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn an_office_program_that_takes_too_long_is_stopped() {
    let app = TestApp::with(|config| config.documents.time_limit = Duration::from_millis(300)).await;
    let ada = app.customer().await;
    // It needs about a second to start.
    ada.upload(&[("letter.rtf", &office::rtf())]).await.problem(ProblemCode::DocumentTooComplex);
    let left = std::fs::read_dir(app.app().config.data_dir.join("uploads")).unwrap().count();
    assert_eq!(left, 0, "its folder is gone");
    app.end().await;
}
