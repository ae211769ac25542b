//! Faxes to our own numbers, from a machine behind the carrier.

use std::time::{Duration, Instant};

use faxdroid_contract::received_faxes::{ReceivedFax, ReceptionStatus};
use faxdroid_server::app::App;
use faxdroid_server::config::Config;
use faxdroid_server::{inbox, store};

use crate::exchange::{Ended, Exchange, Machine};
use crate::letter::{FEW_LINES, differences, fine_document};
use crate::office::{EMAIL, Office, toml};

const OURS: &str = "+12025550199";
const UNKNOWN: &str = "+12025550198";
const PATIENCE: Duration = Duration::from_secs(30);

async fn inbox_once(app: &App, office: &Office, count: usize) -> Vec<ReceivedFax> {
    let begun = Instant::now();
    loop {
        let page = inbox::list(&app.store, &office.account, None, 20).await.unwrap();
        if page.data.len() == count {
            return page.data;
        }
        assert!(begun.elapsed() < PATIENCE, "{:#?}", page.data);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_to_one_of_our_numbers_reaches_its_account_and_no_other_call_is_answered() {
    let exchange = Exchange::start();
    let office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    inbox::assign(&office.faxes.store, office.faxes.clock.as_ref(), OURS, EMAIL).await.unwrap();
    let data = office.folder().join("data");
    let mut config = Config::from_toml(&toml(&exchange.settings, &data.display().to_string())).unwrap();
    config.documents.renderer = env!("CARGO_BIN_EXE_faxdroid-server").into();
    let server = faxdroid_server::start(config).await.unwrap();
    let app = server.app().clone();
    while !exchange.settings.home.join("spool/numbers/12025550199").exists() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let sent = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
    std::fs::write(sent.path(), fine_document(FEW_LINES)).unwrap();
    let machine = Machine::Sends(sent.path().to_owned());
    let says_nothing = Machine::SaysNothing;
    let (to_us, to_nobody, silent) = tokio::join!(
        exchange.call_us(OURS, &machine),
        exchange.call_us(UNKNOWN, &machine),
        exchange.call_us(OURS, &says_nothing),
    );
    assert!(to_us.answered && silent.answered);
    assert_eq!(to_nobody, Ended { answered: false, cause: Some(1) }, "unallocated, and never answered");

    let faxes = inbox_once(&app, &office, 2).await;
    let received = faxes.iter().find(|fax| fax.pages > 0).expect("the pages have come in");
    assert_eq!((received.status, received.pages), (ReceptionStatus::Received, 3));
    assert_eq!(received.to, OURS);
    assert_eq!(received.from.as_deref(), Some("+12025550100"));
    assert_eq!(received.remote_station_id.as_deref(), Some("+1 202 555 0100"));
    let failed = faxes.iter().find(|fax| fax.pages == 0).expect("the call without a fax is recorded");
    assert_eq!(failed.status, ReceptionStatus::Failed);

    let row = inbox::find(&app.store, &office.account, &received.id).await.unwrap().unwrap();
    let kept = tempfile::Builder::new().suffix(".tif").tempfile().unwrap();
    std::fs::write(kept.path(), app.files.get(&row.storage_key.unwrap()).await.unwrap()).unwrap();
    for page in 0..3 {
        assert_eq!(differences(sent.path(), kept.path(), page), "0", "page {page}");
    }

    let begun = Instant::now();
    while store::outgoing_mail::count(app.store.connection()).await.unwrap() > 0 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mails = app.mail_directory.list().await.unwrap();
    let subjects: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert!(subjects.contains(&(EMAIL, "A fax from +1 202-555-0100, 3 pages")), "{subjects:?}");
    assert!(mails.iter().any(|mail| mail.text.contains(&format!("/inbox/{}", received.id))));
    let left = std::fs::read_dir(exchange.settings.home.join("spool/in")).unwrap().count();
    assert_eq!(left, 0, "nothing is kept twice");
    server.stop(Duration::from_secs(1)).await;
}
