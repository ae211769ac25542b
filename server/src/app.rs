//! The parts of the server, chosen from the settings once.

use std::sync::Arc;

use anyhow::Context;
use faxdroid_contract::ids::FaxId;
use tokio::sync::broadcast;

use crate::api::RateLimits;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, LineKind, MailKind, PaymentsKind};
use crate::documents::Documents;
use crate::fax::Faxes;
use crate::fax::number::TestNumbers;
use crate::fax::schedule::Schedule;
use crate::files::Files;
use crate::line::Line;
use crate::line::simulated::{FarEnd, SimulatedLine};
use crate::locks::Locks;
use crate::locks::in_process::InProcessLocks;
use crate::mail::Mail;
use crate::mail::directory::MailDirectory;
use crate::payments::Payments;
use crate::payments::sandbox::Sandbox;
use crate::queue::Queue;
use crate::queue::table::TableQueue;
use crate::store::Store;

/// Changes that a slow reader may lag behind; he reads the fax anew in any case.
const CHANGES_BUFFER: usize = 1024;

/// Everything a request or a worker may need. Cloning it is cheap.
#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub faxes: Faxes,
    pub files: Files,
    pub documents: Documents,
    pub line: Arc<dyn Line>,
    pub far_end: FarEnd,
    pub queue: Arc<dyn Queue>,
    pub locks: Arc<dyn Locks>,
    pub payments: Arc<dyn Payments>,
    pub mail: Arc<dyn Mail>,
    /// What the embedded mail keeps, for its development page.
    pub mail_directory: MailDirectory,
    pub rate_limits: Arc<RateLimits>,
    pub changes: broadcast::Sender<FaxId>,
}

impl App {
    /// Builds every part around `store`, whose schema is this release's.
    pub fn new(config: Config, store: Store) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (changes, _) = broadcast::channel(CHANGES_BUFFER);
        let schedule = Schedule { delays: config.retry.delays.clone(), time_scale: config.line.time_scale };
        let faxes = Faxes::new(store.clone(), clock.clone(), schedule, changes.clone());
        let files = Files::directory(&config.data_dir.join("documents"))
            .context("the folder for documents cannot be opened")?;
        let far_end = FarEnd::new(config.data_dir.join("far-end"));
        let line: Arc<dyn Line> = match config.line.kind {
            LineKind::Simulated => Arc::new(SimulatedLine::new(far_end.clone(), config.line.time_scale)),
        };
        let payments: Arc<dyn Payments> = match config.payments.kind {
            PaymentsKind::Sandbox => Arc::new(Sandbox),
        };
        let mail_directory =
            MailDirectory::new(config.data_dir.join("mail"), &config.mail.from, clock.clone())
                .context("the folder for mail cannot be opened, or mail.from is no address")?;
        let mail: Arc<dyn Mail> = match config.mail.kind {
            MailKind::Directory => Arc::new(mail_directory.clone()),
        };
        let documents = Documents::new(&config, store.clone(), files.clone(), clock.clone());
        Ok(Self {
            documents,
            queue: Arc::new(TableQueue::new(store.clone(), clock.clone())),
            locks: Arc::new(InProcessLocks::default()),
            store,
            clock,
            faxes,
            files,
            line,
            far_end,
            payments,
            mail,
            mail_directory,
            rate_limits: Arc::default(),
            changes,
            config: Arc::new(config),
        })
    }

    /// The test numbers can be dialed only where nobody is called.
    pub fn test_numbers(&self) -> TestNumbers {
        match self.config.line.kind {
            LineKind::Simulated => TestNumbers::Dialable,
        }
    }
}
