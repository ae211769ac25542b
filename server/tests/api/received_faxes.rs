//! Faxes that come in: taken from the line, shown to their account and to nobody else, announced, deleted.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use faxdroid_contract::listing::Page;
use faxdroid_contract::problem::ProblemCode;
use faxdroid_contract::received_faxes::{Number, ReceivedFax, ReceptionStatus};
use faxdroid_document::{Limits, Resolution, SourceFile, convert};
use faxdroid_server::app::App;
use faxdroid_server::inbox::{self, AssignError};
use faxdroid_server::line::{CallResult, Ending, Line, OutgoingCall, Progress, Reception};
use faxdroid_server::store;
use faxdroid_server::workers::receive_faxes;
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::{Customer, TestApp, files};

const NUMBER: &str = "+12025550199";

/// A line on which some calls have ended, and that keeps them until it is told to forget.
#[derive(Default)]
struct Ended {
    receptions: Mutex<Vec<Reception>>,
    answers: Mutex<BTreeSet<String>>,
}

#[async_trait::async_trait]
impl Line for Ended {
    async fn send(&self, _call: OutgoingCall, _progress: mpsc::Sender<Progress>) -> CallResult {
        CallResult::line_down()
    }

    async fn answer(&self, numbers: &BTreeSet<String>) -> io::Result<()> {
        self.answers.lock().unwrap().clone_from(numbers);
        Ok(())
    }

    async fn receptions(&self) -> Vec<Reception> {
        self.receptions.lock().unwrap().clone()
    }

    async fn forget_reception(&self, reception: &Reception) {
        self.receptions.lock().unwrap().retain(|kept| kept != reception);
    }
}

fn tiff() -> Bytes {
    let letter = SourceFile { name: "letter.pdf".to_owned(), bytes: Bytes::from_static(files::LETTER) };
    convert(&[letter], None, &Limits::default()).unwrap().to_tiff(Resolution::Standard).unwrap().into()
}

fn reception(call: u32, tiff: Option<Bytes>, ending: Ending) -> Reception {
    Reception {
        call_id: format!("faxdroid-1764110000.{call}-1"),
        to: NUMBER.to_owned(),
        from: Some("+12025550100".to_owned()),
        ending,
        tiff,
        t30_status: Some("OK".to_owned()),
        bit_rate: Some(14_400),
        remote_station_id: Some("<b>CLINIC</b>".to_owned()),
    }
}

async fn assigned(app: &TestApp, customer: &Customer) {
    inbox::assign(&app.app().store, app.app().clock.as_ref(), NUMBER, &customer.email).await.unwrap();
}

/// Lets these calls end on the line of the server, and the server look.
async fn come_in(app: &TestApp, receptions: Vec<Reception>) -> Arc<Ended> {
    let line = Arc::new(Ended { receptions: Mutex::new(receptions), ..Ended::default() });
    let on_line = App { line: line.clone(), ..app.app().clone() };
    receive_faxes::look(&on_line).await.unwrap();
    line
}

async fn received(customer: &Customer) -> Vec<ReceivedFax> {
    customer.get("/received-faxes").await.json::<Page<ReceivedFax>>().data
}

#[tokio::test]
async fn a_fax_that_comes_in_is_shown_page_by_page_and_as_a_pdf_and_announced() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assigned(&app, &ada).await;
    let mails = app.mails_to(&ada.email).await;
    let line = come_in(&app, vec![reception(1, Some(tiff()), Ending::Complete)]).await;
    assert_eq!(*line.answers.lock().unwrap(), BTreeSet::from([NUMBER.to_owned()]));
    assert!(line.receptions.lock().unwrap().is_empty(), "the line need not keep it");

    let faxes = received(&ada).await;
    assert_eq!((faxes[0].status, faxes[0].pages), (ReceptionStatus::Received, 3));
    assert_eq!((faxes[0].to.as_str(), faxes[0].from.as_deref()), (NUMBER, Some("+12025550100")));
    let path = format!("/received-faxes/{}", faxes[0].id);
    assert_eq!(ada.get(&path).await.json::<ReceivedFax>(), faxes[0]);
    for page in 1..=3 {
        let picture = ada.get(&format!("{path}/pages/{page}.png")).await.expect(200);
        assert_eq!(picture.header("content-type"), "image/png");
        assert!(picture.header("cache-control").starts_with("private"));
    }
    let pdf = ada.get(&format!("{path}/file.pdf")).await.expect(200);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(pdf.header("content-disposition").starts_with("attachment; filename=\"rcv_"));
    assert!(pdf.body.starts_with(b"%PDF-"));
    for page in ["0.png", "4.png", "1", "x.png"] {
        ada.get(&format!("{path}/pages/{page}")).await.problem(ProblemCode::NotFound);
    }

    assert_eq!(app.mails_to(&ada.email).await, mails + 1);
    let mail = app.mails().await.remove(0);
    assert_eq!(mail.subject, "A fax from +1 202-555-0100, 3 pages");
    assert!(mail.text.contains(&format!("/inbox/{}", faxes[0].id)), "{}", mail.text);
    app.end().await;
}

#[tokio::test]
async fn the_same_call_twice_is_one_fax_and_one_mail() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assigned(&app, &ada).await;
    let mails = app.mails_to(&ada.email).await;
    for _ in 0..2 {
        come_in(&app, vec![reception(1, Some(tiff()), Ending::Complete)]).await;
    }
    assert_eq!(received(&ada).await.len(), 1);
    assert_eq!(app.mails_to(&ada.email).await, mails + 1);
    app.end().await;
}

#[tokio::test]
async fn a_reception_that_failed_is_recorded_and_holds_up_no_other() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assigned(&app, &ada).await;
    let noise = Bytes::from_static(b"II*\0 this is no picture at all");
    let line = come_in(
        &app,
        vec![
            reception(1, None, Ending::BrokenOff),
            reception(2, Some(noise), Ending::Complete),
            reception(3, Some(files::tiff_bomb().into()), Ending::Complete),
            reception(4, Some(tiff()), Ending::BrokenOff),
            Reception { to: "+12025550111".to_owned(), ..reception(5, Some(tiff()), Ending::Complete) },
        ],
    )
    .await;
    assert!(line.receptions.lock().unwrap().is_empty());
    let mut faxes = received(&ada).await;
    faxes.reverse();
    let statuses: Vec<_> = faxes.iter().map(|fax| (fax.status, fax.pages)).collect();
    let failed = (ReceptionStatus::Failed, 0);
    assert_eq!(statuses, [failed, failed, failed, (ReceptionStatus::Partial, 3)]);
    ada.get(&format!("/received-faxes/{}/file.pdf", faxes[0].id)).await.problem(ProblemCode::NotFound);
    ada.get(&format!("/received-faxes/{}/pages/1.png", faxes[0].id)).await.problem(ProblemCode::NotFound);
    assert!(app.mails().await.iter().any(|mail| mail.subject == "A fax from +1 202-555-0100 did not arrive"));
    app.end().await;
}

#[tokio::test]
async fn a_number_belongs_to_one_account_and_faxes_stay_with_the_account_they_came_to() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.customer().await, app.customer().await);
    assigned(&app, &ada).await;
    assigned(&app, &ada).await;
    let (store, clock) = (&app.app().store, app.app().clock.as_ref());
    let taken = inbox::assign(store, clock, NUMBER, &eve.email).await;
    assert!(matches!(taken, Err(AssignError::Taken)));
    let nobody = inbox::assign(store, clock, "+12025550198", "nobody@example.org").await;
    assert!(matches!(nobody, Err(AssignError::NoAccount)));
    let numbers: Vec<Number> = ada.get("/numbers").await.json();
    assert_eq!((numbers.len(), numbers[0].number.as_str()), (1, NUMBER));
    assert_eq!(eve.get("/numbers").await.json::<Vec<Number>>(), []);

    come_in(&app, vec![reception(1, Some(tiff()), Ending::Complete)]).await;
    assert!(store::numbers::delete(store.connection(), NUMBER).await.unwrap());
    inbox::assign(store, clock, NUMBER, &eve.email).await.unwrap();
    come_in(&app, vec![reception(2, Some(tiff()), Ending::Complete)]).await;
    let (hers, others) = (received(&ada).await, received(&eve).await);
    assert_eq!((hers.len(), others.len()), (1, 1));

    let of_another = format!("/received-faxes/{}", others[0].id);
    for path in [of_another.clone(), format!("{of_another}/pages/1.png"), format!("{of_another}/file.pdf")] {
        ada.get(&path).await.problem(ProblemCode::NotFound);
        app.visitor().get(&path).await.problem(ProblemCode::Unauthenticated);
    }
    ada.delete(&of_another).await.problem(ProblemCode::NotFound);
    ada.post(&format!("{of_another}/delete"), &json!({})).await.problem(ProblemCode::NotFound);
    assert_eq!(received(&eve).await.len(), 1);
    app.end().await;
}

#[tokio::test]
async fn nobody_sends_to_a_number_of_ours() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assigned(&app, &ada).await;
    let letter = ada.letter().await;
    let quote = ada.post("/quotes", &json!({ "document_id": letter.id, "to": NUMBER })).await;
    quote.problem_of(ProblemCode::NumberOwn, &["/to number_own"]);
    app.end().await;
}

#[tokio::test]
async fn a_received_fax_is_deleted_with_its_pages() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    assigned(&app, &ada).await;
    let two =
        vec![reception(1, Some(tiff()), Ending::Complete), reception(2, Some(tiff()), Ending::Complete)];
    come_in(&app, two).await;
    let faxes = received(&ada).await;
    ada.delete(&format!("/received-faxes/{}", faxes[0].id)).await.expect(204);
    let form = ada.form(&format!("/received-faxes/{}/delete", faxes[1].id), &[]).await;
    assert_eq!(form.page(), "/inbox?notice=received_fax_deleted");
    assert!(received(&ada).await.is_empty());
    assert_eq!(app.documents().await, 0, "no file is left");
    app.end().await;
}

#[tokio::test]
async fn the_inbox_is_read_page_by_page_and_as_a_document() {
    let app = TestApp::start().await;
    let ada = app.customer().await;
    let empty = ada.get_html("/received-faxes").await.expect(200).text();
    assert!(empty.contains("You have no fax number yet."), "{empty}");
    assigned(&app, &ada).await;
    for call in 1..=3 {
        come_in(&app, vec![reception(call, None, Ending::BrokenOff)]).await;
    }
    let first: Page<ReceivedFax> = ada.get("/received-faxes?limit=2").await.json();
    let cursor = first.next_cursor.unwrap();
    let second: Page<ReceivedFax> = ada.get(&format!("/received-faxes?limit=2&cursor={cursor}")).await.json();
    assert_eq!((first.data.len(), second.data.len(), second.next_cursor), (2, 1, None));
    assert!(first.data[1].received_at >= second.data[0].received_at);
    ada.get("/received-faxes?cursor=nonsense").await.problem(ProblemCode::CursorInvalid);

    come_in(&app, vec![reception(4, Some(tiff()), Ending::Complete)]).await;
    let list = ada.get_html("/received-faxes").await.expect(200).text();
    assert!(list.contains("+1 202-555-0199") && list.contains("none arrived"), "{list}");
    let fax = &received(&ada).await[0];
    let view = ada.get_html(&format!("/received-faxes/{}", fax.id)).await.expect(200).text();
    assert!(view.contains("Page 3 as it came in") && view.contains("file.pdf"), "{view}");
    assert!(view.contains("&lt;b&gt;CLINIC&lt;/b&gt;"), "what a machine calls itself is text: {view}");
    app.end().await;
}
