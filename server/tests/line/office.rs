//! The whole server on a database of its own, with a customer who sends over a real Asterisk. It runs as a process, so that
//! it can be killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use faxdroid_contract::faxes::Fax;
use faxdroid_contract::ids::{AccountId, CheckoutId, DocumentId, FaxId, QuoteId};
use faxdroid_server::accounts::Token;
use faxdroid_server::clock::{Clock, SystemClock};
use faxdroid_server::config;
use faxdroid_server::fax::schedule::Schedule;
use faxdroid_server::fax::{self, Faxes};
use faxdroid_server::files::Files;
use faxdroid_server::ledger::{self, Purchase};
use faxdroid_server::store::accounts::Account;
use faxdroid_server::store::documents::DocumentRow;
use faxdroid_server::store::quotes::QuoteRow;
use faxdroid_server::store::sessions::Session;
use faxdroid_server::store::{self, Store};
use faxdroid_testbed::unnamed_file;
use tempfile::TempDir;
use tokio::sync::broadcast;

use crate::exchange::{SECRET, processor_time};

pub(crate) const EMAIL: &str = "clinic@example.org";
const PAGES: i32 = 3;
const PRICE: i64 = 30;
/// Enough for any bench.
pub(crate) const CREDITS: i64 = 100_000;

/// The customer's side, and the server while it runs.
pub(crate) struct Office {
    pub(crate) faxes: Faxes,
    pub(crate) account: AccountId,
    document: DocumentId,
    settings: PathBuf,
    folder: TempDir,
    server: Option<Child>,
}

impl Office {
    /// A customer with credits and a document of three pages (TIFF in fine resolution). No server runs yet.
    pub(crate) async fn new(asterisk: &config::Asterisk, tiff: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let settings = folder.path().join("settings.toml");
        std::fs::write(&settings, toml(asterisk, &data.display().to_string())).unwrap();
        let store = Store::open(&data.join("faxdroid.sqlite")).await.unwrap();
        store.migrate().await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let schedule = Schedule { delays: vec![Duration::from_secs(5)], time_scale: 1.0 };
        let faxes = Faxes::new(store, clock, schedule, broadcast::channel(16).0);
        let account = AccountId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let document = DocumentId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let office = Self { faxes, account, document, settings, folder, server: None };
        office.furnish(tiff).await;
        office
    }

    async fn furnish(&self, tiff: Vec<u8>) {
        let now = SystemClock.now().as_millisecond();
        let db = self.faxes.store.connection();
        let account = Account {
            id: self.account.to_string(),
            email: EMAIL.to_owned(),
            password_hash: String::new(),
            email_confirmed_at: Some(now),
            sender_name: "Lakeside Clinic".to_owned(),
            sender_number: "+12125550100".to_owned(),
            created_at: now,
        };
        store::accounts::insert(db, account).await.unwrap();
        let size = i64::try_from(tiff.len()).unwrap();
        let document = DocumentRow {
            id: self.document.to_string(),
            account_id: self.account.to_string(),
            name: "letter.txt".to_owned(),
            files: 1,
            pages: PAGES,
            content_hash: String::new(),
            storage_key: format!("{}/{}.tiff", self.account, self.document),
            fine_bytes: size,
            standard_bytes: size,
            created_at: now,
            expires_at: None,
        };
        let files = Files::directory(&self.folder.path().join("data/documents")).unwrap();
        files.put(&document.storage_key, unnamed_file(&tiff)).await.unwrap();
        store::documents::insert(db, document).await.unwrap();
        let checkout_id = CheckoutId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let purchase = Purchase {
            account_id: &self.account,
            checkout_id: &checkout_id,
            price_minor: CREDITS,
            credits_minor: CREDITS,
        };
        let transaction = self.faxes.store.begin().await.unwrap();
        ledger::purchase(&transaction, &SystemClock, purchase).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Starts the server and answers where it listens, host and port.
    pub(crate) async fn start_server(&mut self) -> String {
        let mut server = Command::new(env!("CARGO_BIN_EXE_faxdroid-server"))
            .env("FAXDROID_CONFIG", &self.settings)
            .env("FAXDROID_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(server.stdout.take().unwrap());
        self.server = Some(server);
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("FaxDroid answers at http://");
        address.expect("the server starts").to_owned()
    }

    /// Of the processor, that the server has taken since it began.
    #[allow(dead_code, reason = "the bench asks")]
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(self.server.as_ref().expect("the server runs").id())
    }

    /// The cookie of a session of the customer.
    #[allow(dead_code, reason = "the bench asks")]
    pub(crate) async fn sign_in(&self) -> String {
        let token = Token::new(&SystemClock);
        let now = SystemClock.now().as_millisecond();
        let session = Session {
            token_hash: token.hash(),
            account_id: self.account.to_string(),
            created_at: now,
            expires_at: now + 3_600_000,
        };
        store::sessions::insert(self.faxes.store.connection(), session).await.unwrap();
        format!("faxdroid_session={}", token.as_str())
    }

    /// Kills the server as `kill -9` does.
    pub(crate) fn kill_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Accepts a fax, as the API of another server would.
    pub(crate) async fn send(&self, to: &str) -> FaxId {
        let quote = self.quote(to).await;
        fax::create(&self.faxes, &self.account, &quote).await.unwrap().id
    }

    /// A price for the document.
    pub(crate) async fn quote(&self, to: &str) -> QuoteId {
        let now = SystemClock.now().as_millisecond();
        let quote = QuoteId::from_ulid(&SystemClock.new_ulid()).unwrap();
        let row = QuoteRow {
            id: quote.to_string(),
            account_id: self.account.to_string(),
            document_id: self.document.to_string(),
            to_e164: to.to_owned(),
            country: "US".to_owned(),
            page_multiplier: 1,
            resolution: "standard".to_owned(),
            pages: PAGES,
            price_minor: PRICE,
            estimated_seconds: 60,
            calling_hours: None,
            created_at: now,
            expires_at: now + 3_600_000,
            fax_id: None,
        };
        store::quotes::insert(self.faxes.store.connection(), row).await.unwrap();
        quote
    }

    pub(crate) async fn cancel(&self, id: &FaxId) -> Fax {
        fax::cancel(&self.faxes, &self.account, id).await.unwrap()
    }

    /// The fax as soon as `holds` is true of it.
    pub(crate) async fn fax_once(&self, id: &FaxId, patience: Duration, holds: impl Fn(&Fax) -> bool) -> Fax {
        let begun = Instant::now();
        loop {
            let fax = fax::get(&self.faxes, &self.account, id).await.unwrap().unwrap();
            if holds(&fax) {
                return fax;
            }
            assert!(begun.elapsed() < patience, "{fax:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn balance(&self) -> i64 {
        ledger::balance(self.faxes.store.connection(), &self.account).await.unwrap().amount_minor
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// The settings of a server that uses this Asterisk.
pub(crate) fn toml(asterisk: &config::Asterisk, data: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\ninternal_listen = '127.0.0.1:0'\ndata_dir = '{data}'\n\
         [site]\nserve = false\n\
         [retry]\ndelays = ['5s']\n\
         [workers]\npoll = '200ms'\nsweep = '1s'\nlease = '9s'\n\
         [line]\nkind = 'asterisk'\nconcurrency = 200\n\
         [line.asterisk]\nami = '{ami}'\nami_secret = '{SECRET}'\nhome = '{home}'\nring = '20s'\n\
         [line.asterisk.trunk]\nhost = '{host}'\n",
        ami = asterisk.ami,
        home = asterisk.home.display(),
        host = asterisk.trunk.host,
    )
}
