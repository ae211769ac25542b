//! The handle that callers hold, and the task that keeps the connection.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use crate::action::Action;
use crate::connection;
use crate::message::Message;

/// Actions that wait to be written. More than this at once means that Asterisk does not read.
const ACTIONS_WAITING: usize = 256;
/// Events that a reader may be behind before it loses the oldest, and is told so.
const EVENTS_KEPT: usize = 4_096;

/// Where Asterisk is, who we are, and how long we wait.
#[derive(Clone)]
pub struct Settings {
    /// Host and port.
    pub address: String,
    /// The section of `manager.conf`.
    pub username: String,
    /// Its secret; not shown by `Debug`.
    pub secret: String,
    /// Encrypts the connection; made by [`encrypted`](Self::encrypted).
    pub tls: Option<TlsConnector>,
    /// For a connection, its greeting and the login together.
    pub connect_timeout: Duration,
    /// For the response to an action; for a list, between two of its items.
    pub action_timeout: Duration,
    /// A connection that was silent so long is asked whether it lives.
    pub ping_after: Duration,
    /// The first pause before connecting again; it doubles up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause before connecting again.
    pub longest_pause: Duration,
}

impl Settings {
    /// With pauses and limits that suit an Asterisk on the same host.
    pub fn new(address: impl Into<String>, username: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            username: username.into(),
            secret: secret.into(),
            tls: None,
            connect_timeout: Duration::from_secs(5),
            action_timeout: Duration::from_secs(5),
            ping_after: Duration::from_secs(15),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(30),
        }
    }

    /// Speaks TLS, and only with an Asterisk whose certificate for the host of `address` is one of `certificates` or was
    /// signed by one of them (PEM).
    ///
    /// # Errors
    ///
    /// See [`TlsError`].
    pub fn encrypted(mut self, certificates: &[u8]) -> Result<Self, TlsError> {
        let mut trusted = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(certificates) {
            trusted.add(certificate?)?;
        }
        if trusted.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(trusted).with_no_client_auth();
        self.tls = Some(TlsConnector::from(Arc::new(config)));
        Ok(self)
    }
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It begins with `-----BEGIN CERTIFICATE-----`.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// It is damaged.
    #[error("it is no PEM: {0}")]
    Pem(#[from] pem::Error),
    /// It is no X.509 certificate that TLS can use.
    #[error("it is no certificate for TLS: {0}")]
    Certificate(#[from] rustls::Error),
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("address", &self.address)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Whether Asterisk can be spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not connected; it is being tried.
    Down,
    /// Asterisk refused the name or the secret. It is tried again, at the longest pause.
    Refused,
    /// Logged in. The number counts connections, so that a reader sees that it missed events.
    Up(u64),
}

/// Why an action has no answer, or which answer it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// Nothing was sent.
    #[error("Asterisk is not connected")]
    NotConnected,
    /// It may have been carried out or not.
    #[error("the connection to Asterisk broke before it answered")]
    Disconnected,
    /// It may have been carried out or not.
    #[error("Asterisk did not answer in time")]
    TimedOut,
    /// Asterisk said no.
    #[error("Asterisk refused {action}: {message}")]
    Refused {
        /// The action's name.
        action: String,
        /// Asterisk's words.
        message: String,
    },
}

/// Waits for what Asterisk says to one action.
pub(crate) struct Pending {
    pub(crate) answers: mpsc::UnboundedSender<Message>,
}

/// An action on its way to the connection.
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) action: Action,
    pub(crate) pending: Pending,
    /// Told when it has been written.
    pub(crate) written: oneshot::Sender<()>,
}

/// A handle; clones share the connection.
#[derive(Clone)]
pub struct Ami {
    requests: mpsc::Sender<Request>,
    events: broadcast::Sender<Arc<Message>>,
    link: watch::Receiver<Link>,
    next_id: Arc<AtomicU64>,
    action_timeout: Duration,
}

/// Keeps the connection: run it until the handles are no longer needed.
pub struct AmiTask {
    pub(crate) settings: Settings,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) events: broadcast::Sender<Arc<Message>>,
    pub(crate) link: watch::Sender<Link>,
    pub(crate) waiting: HashMap<String, Pending>,
}

impl AmiTask {
    /// Connects, and connects again, until every handle is gone.
    pub async fn run(self) {
        connection::keep(self).await;
    }
}

impl Ami {
    /// A handle and the task that the caller runs.
    pub fn new(settings: Settings) -> (Self, AmiTask) {
        let (requests, to_send) = mpsc::channel(ACTIONS_WAITING);
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let (link, watching) = watch::channel(Link::Down);
        let handle = Self {
            requests,
            events: events.clone(),
            link: watching,
            next_id: Arc::default(),
            action_timeout: settings.action_timeout,
        };
        let task = AmiTask { settings, requests: to_send, events, link, waiting: HashMap::new() };
        (handle, task)
    }

    /// Whether Asterisk can be spoken to, now and as it changes.
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// Every event from now on. A reader that is too slow is told how many it lost.
    pub fn all_events(&self) -> broadcast::Receiver<Arc<Message>> {
        self.events.subscribe()
    }

    /// Sends an action and waits for its response.
    ///
    /// # Errors
    ///
    /// See [`ActionError`]; only [`ActionError::NotConnected`] and [`ActionError::Refused`] say that nothing was done.
    pub async fn send(&self, action: Action) -> Result<Message, ActionError> {
        let name = action.name().to_owned();
        let mut answers = self.request(action).await?;
        let response = self.next_answer(&mut answers).await?;
        refuse_errors(&name, response)
    }

    /// Sends an action whose response only announces one event, and waits for that event.
    ///
    /// # Errors
    ///
    /// See [`ActionError`].
    pub async fn event(&self, action: Action) -> Result<Message, ActionError> {
        let name = action.name().to_owned();
        let mut answers = self.request(action).await?;
        refuse_errors(&name, self.next_answer(&mut answers).await?)?;
        self.next_answer(&mut answers).await
    }

    /// Sends an action that is answered by a list of events, and waits for its end.
    ///
    /// # Errors
    ///
    /// See [`ActionError`].
    pub async fn list(&self, action: Action) -> Result<Vec<Message>, ActionError> {
        let name = action.name().to_owned();
        let mut answers = self.request(action).await?;
        refuse_errors(&name, self.next_answer(&mut answers).await?)?;
        let mut items = Vec::new();
        loop {
            let item = self.next_answer(&mut answers).await?;
            match item.get("EventList") {
                Some(end) if end.eq_ignore_ascii_case("Complete") => return Ok(items),
                Some(end) if end.eq_ignore_ascii_case("Cancelled") => {
                    return Err(ActionError::Refused {
                        action: name,
                        message: "the list was cancelled".into(),
                    });
                }
                _ => items.push(item),
            }
        }
    }

    async fn request(&self, action: Action) -> Result<mpsc::UnboundedReceiver<Message>, ActionError> {
        if !matches!(*self.link.borrow(), Link::Up(_)) {
            return Err(ActionError::NotConnected);
        }
        let id = self.next_id.fetch_add(1, Ordering::Relaxed).to_string();
        let (answers, answered) = mpsc::unbounded_channel();
        let (written, was_written) = oneshot::channel();
        let request = Request { id, action, pending: Pending { answers }, written };
        // Full means that Asterisk does not read: the same to the caller as no connection, and nothing was sent.
        self.requests.try_send(request).map_err(|_| ActionError::NotConnected)?;
        match tokio::time::timeout(self.action_timeout, was_written).await {
            Ok(Ok(())) => Ok(answered),
            Ok(Err(_)) => Err(ActionError::NotConnected),
            Err(_) => Err(ActionError::TimedOut),
        }
    }

    async fn next_answer(
        &self,
        answers: &mut mpsc::UnboundedReceiver<Message>,
    ) -> Result<Message, ActionError> {
        match tokio::time::timeout(self.action_timeout, answers.recv()).await {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(ActionError::Disconnected),
            Err(_) => Err(ActionError::TimedOut),
        }
    }
}

fn refuse_errors(action: &str, response: Message) -> Result<Message, ActionError> {
    match response.response() {
        Some(word) if word.eq_ignore_ascii_case("Error") => Err(ActionError::Refused {
            action: action.to_owned(),
            message: response.get("Message").unwrap_or("without a reason").to_owned(),
        }),
        _ => Ok(response),
    }
}
