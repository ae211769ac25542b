//! A server of one test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use faxdroid_server::app::App;
use faxdroid_server::config::Config;
use faxdroid_server::mail::Message;
use faxdroid_server::store::entities::{documents, received_faxes};
use faxdroid_server::{Server, ledger, store};
use futures::TryStreamExt;
use sea_orm::EntityTrait;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::customer::Customer;
use super::panics;
use crate::column;

/// Cheap passwords, a fast network, and nothing at a fixed port.
const SETTINGS: &str = r#"
    listen = "127.0.0.1:0"
    internal_listen = "127.0.0.1:0"
    own_numbers = ["+12125550199"]
    [site]
    serve = false
    [line]
    time_scale = 0.001
    [retry]
    delays = ["20s", "20s", "20s", "20s"]
    [workers]
    poll = "20ms"
    sweep = "100ms"
    [accounts.password]
    memory_kib = 64
    iterations = 1
    parallelism = 1
"#;

/// The server, with its own data directory.
pub(crate) struct TestApp {
    server: Server,
    /// What polls the queues in production.
    poller: Option<JoinHandle<()>>,
    _folder: TempDir,
    customers: AtomicU32,
    ended: bool,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// A server with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        panics::watch();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::from_toml(SETTINGS).unwrap();
        config.data_dir = folder.path().to_owned();
        // A test is no program that could start itself as a renderer.
        config.documents.renderer = env!("CARGO_BIN_EXE_faxdroid-server").into();
        let column = column::prepare(&mut config).await;
        change(&mut config);
        let server = faxdroid_server::start(config).await.unwrap();
        let poller = column.map(|column| tokio::spawn(column.poll(server.internal_address())));
        Self { server, poller, _folder: folder, customers: AtomicU32::new(0), ended: false }
    }

    /// A server on whose line a call takes hours, so that a fax stays where it is.
    pub(crate) async fn with_endless_calls() -> Self {
        Self::with(|config| config.line.time_scale = 1000.0).await
    }

    pub(crate) fn app(&self) -> &App {
        self.server.app()
    }

    /// `path` where customers reach the server.
    pub(crate) fn public(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// `path` where the poller reaches it.
    pub(crate) fn private(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.internal_address())
    }

    /// Somebody who is not signed in.
    pub(crate) fn visitor(&self) -> Customer {
        let number = self.customers.fetch_add(1, Ordering::Relaxed);
        Customer::new(self.server.address(), format!("customer{number}@example.org"))
    }

    /// Somebody who has signed up and has not yet followed the link in the mail.
    pub(crate) async fn newcomer(&self) -> Customer {
        let mut customer = self.visitor();
        customer.sign_up().await;
        customer
    }

    /// Somebody who has signed up and confirmed his address, and has no credit.
    pub(crate) async fn customer(&self) -> Customer {
        let customer = self.newcomer().await;
        let token = self.mailed_token(&customer.email, "/confirm-email").await;
        customer.post("/accounts/confirm-email", &serde_json::json!({ "token": token })).await.expect(204);
        customer
    }

    /// The token of the latest link to `page` that was mailed to `email`.
    pub(crate) async fn mailed_token(&self, email: &str, page: &str) -> String {
        let link = format!("http://127.0.0.1:3000{page}?token=");
        let messages = self.mails().await;
        let mut texts = messages.iter().filter(|message| message.to == email).map(|message| &message.text);
        let text = texts.find(|text| text.contains(&link)).expect("a link was mailed");
        let token = text.split_once(&link).unwrap().1;
        token.split_whitespace().next().unwrap().to_owned()
    }

    /// How many messages `email` was sent.
    pub(crate) async fn mails_to(&self, email: &str) -> usize {
        self.mails().await.iter().filter(|message| message.to == email).count()
    }

    /// Every message, as soon as everything that was written is sent.
    pub(crate) async fn mails(&self) -> Vec<Message> {
        while store::outgoing_mail::count(self.app().store.connection()).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.app().mail_directory.list().await.unwrap()
    }

    /// Documents in the database, of which each has its file and no file is without one.
    pub(crate) async fn documents(&self) -> usize {
        let rows = documents::Entity::find().all(self.app().store.connection()).await.unwrap();
        let received = received_faxes::Entity::find().all(self.app().store.connection()).await.unwrap();
        let received = received.iter().filter(|fax| fax.storage_key.is_some()).count();
        let files: Vec<_> = self.app().files.list().try_collect().await.unwrap();
        assert_eq!(rows.len() + received, files.len(), "rows and files");
        rows.len()
    }

    /// What must be true at the end of every test.
    pub(crate) async fn end(mut self) {
        self.ended = true;
        let report = ledger::check(&self.app().store).await.unwrap();
        assert!(report.is_sound(), "{report}");
        self.documents().await;
        assert_eq!(panics::seen(), Vec::<String>::new());
    }

    /// For a server whose database was taken away.
    pub(crate) fn end_unchecked(mut self) {
        self.ended = true;
        assert_eq!(panics::seen(), Vec::<String>::new());
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.poller.take().inspect(JoinHandle::abort);
        assert!(self.ended || std::thread::panicking(), "a test ends with TestApp::end");
    }
}
