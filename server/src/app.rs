//! The parts of the server, chosen from the settings once.

use std::sync::Arc;

use anyhow::Context;
use faxdroid_contract::ids::FaxId;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::api::RateLimits;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, LineKind, MailKind, PaymentsKind, QueuesKind};
use crate::documents::Documents;
use crate::fax::number::TestNumbers;
use crate::fax::schedule::Schedule;
use crate::fax::{CallRules, Faxes};
use crate::files::Files;
use crate::line::Line;
use crate::line::asterisk::AsteriskLine;
use crate::line::simulated::{FarEnd, SimulatedLine};
use crate::locks::Locks;
use crate::locks::in_process::InProcessLocks;
use crate::locks::redis::RedisLocks;
use crate::mail::Mail;
use crate::mail::directory::MailDirectory;
use crate::mail::outgoing::OutgoingMail;
use crate::mail::smtp::Smtp;
use crate::payments::Payments;
use crate::payments::stripe::Stripe;
use crate::queue::Queue;
use crate::queue::sqs::SqsQueue;
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
    pub payments: Arc<Payments>,
    pub outgoing_mail: Arc<OutgoingMail>,
    /// What the embedded mail keeps, for its development page.
    pub mail_directory: MailDirectory,
    pub rate_limits: Arc<RateLimits>,
    pub changes: broadcast::Sender<FaxId>,
    /// This server is about to end: it is not ready for more.
    pub draining: CancellationToken,
}

impl App {
    /// Builds every part around `store`, whose schema is this release's.
    pub async fn new(config: Config, store: Store) -> anyhow::Result<Self> {
        let config = Arc::new(config);
        // One TLS for everything that asks for the process's own; an error says that it was chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        crate::telemetry::metrics();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (changes, _) = broadcast::channel(CHANGES_BUFFER);
        let time_scale = match config.line.kind {
            LineKind::Simulated => config.line.time_scale,
            LineKind::Asterisk => 1.0,
        };
        let schedule = Schedule { delays: config.retry.delays.clone(), time_scale };
        let mut faxes = Faxes::new(store.clone(), clock.clone(), schedule, changes.clone());
        faxes.document_kept = config.documents.keep_after_fax;
        let (trunk_channels, outlive_server) = match config.line.kind {
            LineKind::Simulated => (None, None),
            LineKind::Asterisk => (config.line.asterisk.trunk.channels, Some(config.line.asterisk.ring)),
        };
        faxes.calls = CallRules { after_partial: config.retry.after_partial, trunk_channels, outlive_server };
        let files = if config.bucket.name.is_empty() {
            Files::directory(&config.data_dir.join("documents"))
                .context("the folder for documents cannot be opened")?
        } else {
            Files::bucket(&config.bucket).context("the bucket for documents cannot be used")?
        };
        let far_end = FarEnd::new(config.data_dir.join("far-end"));
        let line: Arc<dyn Line> = match config.line.kind {
            LineKind::Simulated => Arc::new(SimulatedLine::new(far_end.clone(), config.line.time_scale)),
            LineKind::Asterisk => Arc::new(AsteriskLine::new(config.line.asterisk.clone())?),
        };
        let payments = Arc::new(match config.payments.kind {
            PaymentsKind::Sandbox => Payments::Sandbox,
            PaymentsKind::Stripe => Payments::Stripe(Box::new(
                Stripe::new(&config.payments.stripe).context("Stripe cannot be asked")?,
            )),
        });
        let mail_directory =
            MailDirectory::new(config.data_dir.join("mail"), &config.mail.from, clock.clone())
                .context("the folder for mail cannot be opened, or mail.from is no address")?;
        let mail: Arc<dyn Mail> = match config.mail.kind {
            MailKind::Directory => Arc::new(mail_directory.clone()),
            MailKind::Smtp => {
                let url = config.mail.url.as_ref().context("mail.url is missing")?;
                Arc::new(Smtp::new(url.expose(), &config.mail.from).context("mail.url cannot be used")?)
            }
        };
        let outgoing_mail = Arc::new(OutgoingMail {
            store: store.clone(),
            clock: clock.clone(),
            mail,
            config: config.clone(),
            written: Notify::new(),
        });
        let queue: Arc<dyn Queue> = match config.queues.kind {
            QueuesKind::Table => Arc::new(TableQueue::new(store.clone(), clock.clone())),
            QueuesKind::Sqs => Arc::new(SqsQueue::new(&config.queues, clock.clone()).await),
        };
        let locks: Arc<dyn Locks> = match &config.locks.url {
            Some(url) => Arc::new(RedisLocks::new(url.expose(), &config.locks.prefix)?),
            None => Arc::new(InProcessLocks::default()),
        };
        let documents = Documents::new(&config, store.clone(), files.clone(), clock.clone());
        Ok(Self {
            documents,
            queue,
            locks,
            store,
            clock,
            faxes,
            files,
            line,
            far_end,
            payments,
            outgoing_mail,
            mail_directory,
            rate_limits: Arc::default(),
            changes,
            draining: CancellationToken::new(),
            config,
        })
    }

    /// The test numbers can be dialed only where nobody is called.
    pub fn test_numbers(&self) -> TestNumbers {
        match self.config.line.kind {
            LineKind::Simulated => TestNumbers::Dialable,
            LineKind::Asterisk => TestNumbers::Refused,
        }
    }
}
