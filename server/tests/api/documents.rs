//! Uploads: what becomes of good files and of bad ones.

use std::io::Cursor;

use faxdroid_contract::documents::Document;
use faxdroid_contract::problem::ProblemCode;
use faxdroid_server::workers::housekeeping;
use faxdroid_testbed::unnamed_file;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::support::files::{self, ENCRYPTED, LETTER, NO_PAGES};
use crate::support::{TestApp, parts};

/// Width and height of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    let reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    assert_eq!(reader.info().bit_depth, png::BitDepth::One);
    reader.info().size()
}

#[tokio::test]
async fn a_pdf_becomes_pages_that_can_be_looked_at() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let document = ada.letter().await;
    assert_eq!((document.name.as_str(), document.files, document.pages), ("letter.pdf", 1, 3));
    assert!(document.expires_at.is_some());
    let again: Document = ada.get(&format!("/documents/{}", document.id)).await.json();
    assert_eq!(again, document);

    let page = format!("/documents/{}/pages/3.png", document.id);
    let fine = ada.get(&page).await.expect(200);
    assert_eq!(fine.header("content-type"), "image/png");
    assert!(fine.header("cache-control").starts_with("private"));
    assert_eq!(size(&fine.body), (1728, 2156));
    // Half the rows, each shown twice, so that the page keeps its shape.
    let standard = ada.get(&format!("{page}?resolution=standard")).await.expect(200);
    assert_eq!(size(&standard.body), (1728, 2156));
    assert!(standard.body != fine.body);
    app.end().await;
}

#[tokio::test]
async fn several_files_become_one_fax_in_their_order() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let picture = files::png(200, 100);
    let uploads: [(&str, &[u8]); 3] = [
        ("cover.txt", b"Dear Ms. Lovelace,\n\xc3\xa4\xe2\x82\xac"),
        ("letter.pdf", LETTER),
        ("x.png", &picture),
    ];
    let document: Document = ada.upload(&uploads).await.expect(201).json();
    assert_eq!((document.name.as_str(), document.files, document.pages), ("cover.txt", 3, 5));
    let letter = ada.letter().await;
    let second = ada.get(&format!("/documents/{}/pages/2.png", document.id)).await.expect(200);
    let first_of_letter = ada.get(&format!("/documents/{}/pages/1.png", letter.id)).await.expect(200);
    assert!(second.body == first_of_letter.body, "the letter follows the cover");
    app.end().await;
}

#[tokio::test]
async fn bytes_decide_what_a_file_is_and_not_its_name() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let document: Document = ada.upload(&[("picture.png", LETTER)]).await.expect(201).json();
    assert_eq!(document.pages, 3);
    for name in ["../../etc/passwd", "Überweisung „7“.pdf", &"x".repeat(5_000), "<script>.pdf", ""] {
        let document: Document = ada.upload(&[(name, LETTER)]).await.expect(201).json();
        assert!(document.name.chars().count() <= 200, "{}", document.name);
    }
    app.end().await;
}

#[tokio::test]
async fn a_file_that_is_no_fax_is_refused_and_nothing_of_it_is_kept() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let (wide, bomb) = (files::png(30_000, 8), files::tiff_bomb());
    let endless = "A line of a very long list.\n".repeat(20_000);
    let uploads: [(&str, &[u8], ProblemCode); 10] = [
        ("empty.pdf", b"", ProblemCode::DocumentEmpty),
        ("no-pages.pdf", NO_PAGES, ProblemCode::DocumentNoPages),
        ("password.pdf", ENCRYPTED, ProblemCode::DocumentEncrypted),
        ("truncated.pdf", &LETTER[..200], ProblemCode::DocumentUnreadable),
        ("truncated.png", &files::png(100, 100)[..40], ProblemCode::DocumentUnreadable),
        ("archive.pdf", b"PK\x03\x04\x14\0\0\0\x08\0", ProblemCode::DocumentTypeUnsupported),
        ("picture.pdf", b"GIF89a\x01\0\x01\0\x80\0\0", ProblemCode::DocumentTypeUnsupported),
        ("wide.png", &wide, ProblemCode::DocumentImageTooLarge),
        ("bomb.tiff", &bomb, ProblemCode::DocumentImageTooLarge),
        ("endless.txt", endless.as_bytes(), ProblemCode::DocumentTooManyPages),
    ];
    for (name, bytes, code) in uploads {
        let answer = ada.upload(&[(name, bytes)]).await;
        println!("{name}");
        answer.problem_of(code, &[&format!("/files {}", code.as_str())]);
        // A good file does not help a bad one through.
        let beside = ada.upload(&[("letter.pdf", LETTER), (name, bytes)]).await;
        beside.problem(code);
    }
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn more_files_than_a_fax_may_have_are_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let hundred = [("page.txt", b"A page.".as_slice()); 100];
    ada.upload(&hundred).await.problem(ProblemCode::DocumentTooManyFiles);
    let document: Document = ada.upload(&hundred[..20]).await.expect(201).json();
    assert_eq!(document.pages, 20);
    assert_eq!(app.documents().await, 1);
    app.end().await;
}

#[tokio::test]
async fn files_larger_than_fifty_megabytes_are_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let large = vec![b'a'; 60 * 1024 * 1024];
    let refused = ada.upload(&[("large.txt", &large)]).await;
    refused.problem_of(ProblemCode::DocumentTooLarge, &["/files document_too_large"]);
    let half = &large[..30 * 1024 * 1024];
    ada.upload(&[("half.txt", half), ("half.txt", half)]).await.problem(ProblemCode::DocumentTooLarge);
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn an_upload_without_a_file_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    for form in [
        Form::new().text("other", "field"),
        // What a browser sends when no file was chosen.
        Form::new().part("files", Part::bytes(Vec::new()).file_name("")),
    ] {
        let answer = ada.send(ada.request(Method::POST, "/documents").multipart(form)).await;
        answer.problem_of(ProblemCode::Required, &["/files required"]);
    }
    app.end().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_refused() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let kind = "multipart/form-data; boundary=x";
    let broken = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nhello";
    ada.post_raw("/documents", kind, broken).await.problem(ProblemCode::BodyMalformed);
    let nul = broken.replace("a.txt", "a\0b.txt") + "\r\n--x--\r\n";
    ada.post_raw("/documents", kind, nul).await.problem(ProblemCode::BodyMalformed);
    ada.post_raw("/documents", kind, "nonsense").await.problem(ProblemCode::BodyMalformed);
    let unbounded = ada.post_raw("/documents", "multipart/form-data", "x").await;
    unbounded.problem(ProblemCode::ContentTypeUnsupported);
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn there_is_no_page_but_those_of_the_document() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let document = ada.letter().await;
    for page in ["0.png", "4.png", "-1.png", "1", "1.jpg", "x.png", "99999999999.png"] {
        ada.get(&format!("/documents/{}/pages/{page}", document.id)).await.problem(ProblemCode::NotFound);
    }
    ada.get("/documents/%ff/pages/1.png").await.problem(ProblemCode::NotFound);
    let coarse = ada.get(&format!("/documents/{}/pages/1.png?resolution=coarse", document.id)).await;
    coarse.problem(ProblemCode::ParameterInvalid);
    app.end().await;
}

#[tokio::test]
async fn a_deleted_document_is_gone_with_its_pages() {
    let app = TestApp::start().await;
    let ada = app.customer().await.with_credit().await;
    let quote = ada.letter_quote("+15005550001").await;
    let path = format!("/documents/{}", quote.document_id);
    ada.delete(&path).await.expect(204);
    assert_eq!(app.documents().await, 0);
    for path in [path.clone(), format!("{path}/pages/1.png")] {
        ada.get(&path).await.problem(ProblemCode::NotFound);
    }
    ada.delete(&path).await.problem(ProblemCode::NotFound);
    ada.create_fax(&quote.id, "gone").await.problem(ProblemCode::NotFound);
    assert_eq!(ada.balance().await, 2_100);
    app.end().await;
}

#[tokio::test]
async fn a_document_stays_while_a_fax_needs_it() {
    let app = TestApp::with_endless_calls().await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    let document = format!("/documents/{}", fax.document_id);
    ada.delete(&document).await.problem(ProblemCode::DocumentInUse);
    let kept: Document = ada.get(&document).await.json();
    assert_eq!(kept.expires_at, None, "what is sent does not expire");
    app.end().await;
}

#[tokio::test]
async fn a_document_that_is_not_sent_expires() {
    let app = TestApp::with(|config| config.documents.expire_after = std::time::Duration::ZERO).await;
    let ada = app.customer().await;
    let document = ada.letter().await;
    housekeeping::once(app.app()).await.unwrap();
    ada.get(&format!("/documents/{}", document.id)).await.problem(ProblemCode::NotFound);
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn a_conversion_that_takes_too_long_is_given_up() {
    let app = TestApp::with(|config| config.documents.time_limit = std::time::Duration::ZERO).await;
    let ada = app.customer().await;
    let slow = ada.upload(&[("letter.pdf", LETTER)]).await;
    slow.problem_of(ProblemCode::DocumentTooComplex, &["/files document_too_complex"]);
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn the_same_files_are_converted_once() {
    let folder = tempfile::tempdir().unwrap();
    let renderer = folder.path().join("renderer");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_faxdroid-server"), &renderer).unwrap();
    let app = TestApp::with(|config| config.documents.renderer.clone_from(&renderer)).await;
    let (ada, ben) = (app.customer().await, app.customer().await);
    let first = ada.letter().await;
    // From here on there is one converter left, which waits ready.
    std::fs::remove_file(&renderer).unwrap();
    ada.upload(&[("other.txt", b"Another document.")]).await.expect(201);
    ada.upload(&[("third.txt", b"A third one.")]).await.problem(ProblemCode::Unavailable);

    let again: Document = ada.upload(&[("renamed.pdf", LETTER)]).await.expect(201).json();
    assert_eq!((again.name.as_str(), again.pages), ("renamed.pdf", 3));
    assert!(again.id != first.id);
    ada.delete(&format!("/documents/{}", first.id)).await.expect(204);
    ada.get(&format!("/documents/{}/pages/3.png", again.id)).await.expect(200);
    // What another customer has sent is nobody's business, and the order and the cover page make another document.
    ben.upload(&[("letter.pdf", LETTER)]).await.problem(ProblemCode::Unavailable);
    ada.upload(&[("letter.pdf", LETTER), ("letter.pdf", LETTER)]).await.problem(ProblemCode::Unavailable);
    let covered = parts(&[("letter.pdf", LETTER)]).text("cover_to", "Ben");
    let covered = ada.send(ada.request(Method::POST, "/documents").multipart(covered)).await;
    covered.problem(ProblemCode::Unavailable);
    app.end().await;
}

#[tokio::test]
async fn a_cover_page_comes_first_and_is_looked_at_like_any_page() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    let cover = parts(&[("letter.pdf", LETTER)])
        .text("cover_to", "Charles Babbage")
        .text("cover_from", "Ada Lovelace")
        .text("cover_subject", "Notes")
        .text("cover_message", "Please find my notes.\n\nAda");
    let covered = ada.send(ada.request(Method::POST, "/documents").multipart(cover)).await;
    let covered: Document = covered.expect(201).json();
    assert_eq!(covered.pages, 4);
    let cover = ada.get(&format!("/documents/{}/pages/1.png", covered.id)).await.expect(200);
    assert_eq!(size(&cover.body), (1728, 2156));
    let second = ada.get(&format!("/documents/{}/pages/2.png", covered.id)).await.expect(200);
    let first = ada.get(&format!("/documents/{}/pages/1.png", letter.id)).await.expect(200);
    assert!(second.body == first.body && cover.body != first.body);

    // Blank fields ask for no cover page, and what does not fit on one is said.
    let blank = parts(&[("letter.pdf", LETTER)]).text("cover_to", " ").text("cover_message", "");
    let blank = ada.send(ada.request(Method::POST, "/documents").multipart(blank)).await;
    assert_eq!(blank.expect(201).json::<Document>().pages, 3);
    for (field, length) in [("cover_to", 201), ("cover_message", 2_001)] {
        let long = parts(&[("letter.pdf", LETTER)]).text(field, "x".repeat(length));
        let long = ada.send(ada.request(Method::POST, "/documents").multipart(long)).await;
        long.problem_of(ProblemCode::TooLong, &[&format!("/{field} too_long")]);
    }
    app.end().await;
}

#[tokio::test]
async fn uploading_takes_an_account() {
    let app = TestApp::start().await;
    app.visitor().upload(&[("letter.pdf", LETTER)]).await.problem(ProblemCode::Unauthenticated);
    app.visitor().post("/documents", &json!({})).await.problem(ProblemCode::Unauthenticated);
    app.end().await;
}

#[tokio::test]
async fn a_document_is_deleted_when_its_fax_has_ended_and_the_time_to_keep_it_is_over() {
    let app = TestApp::with(|config| config.documents.keep_after_fax = std::time::Duration::ZERO).await;
    let ada = app.customer().await.with_credit().await;
    let fax = ada.fax_letter("+15005550001").await;
    ada.finished(&fax.id).await;
    housekeeping::once(app.app()).await.unwrap();
    assert_eq!(app.documents().await, 0);
    app.end().await;
}

#[tokio::test]
async fn a_file_without_a_document_is_deleted_unless_it_was_just_written() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let letter = ada.letter().await;
    let files = &app.app().files;
    let orphan = "acc_01KAT5W8Z3M4Q6R7S8T9V0W1X2/doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2.tiff";
    files.put(orphan, unnamed_file(b"pages")).await.unwrap();
    assert_eq!(
        app.app().documents.delete_orphans_as_of(app.app().clock.now()).await.unwrap(),
        0,
        "its row may be on its way"
    );
    let later = app.app().clock.now() + jiff::SignedDuration::from_hours(2);
    assert_eq!(app.app().documents.delete_orphans_as_of(later).await.unwrap(), 1);
    files.get(orphan).await.unwrap_err();
    ada.get(&format!("/documents/{}/pages/1.png", letter.id)).await.expect(200);
    app.end().await;
}
