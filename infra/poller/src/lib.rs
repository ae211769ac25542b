//! The queue poller: carries messages from SQS to the application servers and deletes those that were handled.
//!
//! A message is handled when a server answers 2xx. One that came too early (409 with `due_in_seconds`) is put back
//! for what is left of its delay, which is how a delay longer than SQS's 15 minutes is waited for. Any other stays in
//! the queue: it comes again after its visibility timeout, and goes to the dead letters after so many times as the
//! queue's redrive policy says. Everything here may happen twice; the servers bear that.

use std::fmt;
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use faxdroid_contract::ids::FaxId;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use url::Url;

/// What SQS gives at once.
const BATCH: i32 = 10;
/// The longest SQS waits for a message (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>).
const LONGEST_POLL: Duration = Duration::from_secs(20);
/// Longer than a server takes to answer, the wait for a failover included.
const VISIBILITY_SECONDS: i32 = 90;
const SERVER_PATIENCE: Duration = Duration::from_secs(40);
/// 12 hours from the receipt are the most that SQS allows.
const LONGEST_HIDDEN: i32 = 42_000;

/// Where everything is, as infra/templates/services.yaml says it.
#[derive(Debug, Clone)]
pub struct Settings {
    pub retries_queue_url: String,
    pub refunds_queue_url: String,
    /// The private name of the servers.
    pub internal_url: Url,
}

impl Settings {
    pub fn from_environment() -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).map_err(|_| anyhow::anyhow!("{name} is not set"));
        Ok(Self {
            retries_queue_url: variable("FAXDROID_RETRIES_URL")?,
            refunds_queue_url: variable("FAXDROID_REFUNDS_URL")?,
            internal_url: variable("FAXDROID_INTERNAL_URL")?.parse()?,
        })
    }
}

/// What became of the messages of one run.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Answered 2xx and deleted.
    pub handled: u32,
    /// Came too early and were put back until they are due.
    pub postponed: u32,
    /// Left in the queue.
    pub failed: u32,
    /// Queues that could not be read to the end.
    pub queues_failed: u32,
}

impl Report {
    fn add(&mut self, other: &Self) {
        self.handled += other.handled;
        self.postponed += other.postponed;
        self.failed += other.failed;
        self.queues_failed += other.queues_failed;
    }

    /// Something needs a person, or at least another run.
    pub fn is_partial(&self) -> bool {
        self.failed + self.queues_failed > 0
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Retries,
    Refunds,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retries => "retries",
            Self::Refunds => "refunds",
        })
    }
}

/// What a server said of a message.
enum Answer {
    Handled,
    TooEarly { due_in_seconds: u32 },
    Failed,
}

#[derive(Debug, Deserialize)]
struct TooEarly {
    due_in_seconds: u32,
}

/// The poller with its connections, which outlive a run of the function.
#[derive(Debug, Clone)]
pub struct Poller {
    sqs: Client,
    http: reqwest::Client,
    settings: Settings,
}

impl Poller {
    /// Region, credentials and endpoint come from where the AWS SDK looks for them.
    pub async fn new(settings: Settings) -> anyhow::Result<Self> {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let aws = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await;
        Self::with(Client::new(&aws), settings)
    }

    /// With a client of SQS that is there already.
    pub fn with(sqs: Client, settings: Settings) -> anyhow::Result<Self> {
        // An error says that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(SERVER_PATIENCE).build()?;
        Ok(Self { sqs, http, settings })
    }

    /// Polls both queues until `end`; returns before it.
    pub async fn run(&self, end: Instant) -> Report {
        let (mut report, refunds) =
            tokio::join!(self.drain(Kind::Retries, end), self.drain(Kind::Refunds, end));
        report.add(&refunds);
        report
    }

    /// One queue until `end`. A batch is begun only while there is time to end it.
    async fn drain(&self, kind: Kind, end: Instant) -> Report {
        let mut report = Report::default();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left < Duration::from_secs(1) {
                return report;
            }
            let wait = left.saturating_sub(SERVER_PATIENCE).min(LONGEST_POLL);
            match self.receive(kind, wait).await {
                Ok(messages) if messages.is_empty() => {
                    if wait.is_zero() {
                        return report;
                    }
                }
                Ok(messages) => {
                    let batch = tokio::time::timeout_at(end.into(), self.handle(kind, messages)).await;
                    let Ok(batch) = batch else {
                        report.queues_failed += 1;
                        tracing::error!(queue = %kind, "out_of_time");
                        return report;
                    };
                    report.add(&batch);
                }
                Err(error) => {
                    tracing::error!(queue = %kind, error = format!("{error:#}"), "queue_unreadable");
                    report.queues_failed += 1;
                    return report;
                }
            }
        }
    }

    async fn receive(&self, kind: Kind, wait: Duration) -> anyhow::Result<Vec<Message>> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(self.queue_url(kind))
            .max_number_of_messages(BATCH)
            .wait_time_seconds(i32::try_from(wait.as_secs())?)
            .visibility_timeout(VISIBILITY_SECONDS)
            .send()
            .await?;
        Ok(answer.messages.unwrap_or_default())
    }

    async fn handle(&self, kind: Kind, messages: Vec<Message>) -> Report {
        let answers = join_all(messages.iter().map(|message| self.deliver(kind, message))).await;
        let mut report = Report::default();
        let mut done = Vec::new();
        for (message, answer) in messages.iter().zip(answers) {
            match answer {
                Answer::Handled => {
                    report.handled += 1;
                    done.push(message);
                }
                Answer::TooEarly { due_in_seconds } => {
                    self.hide(kind, message, due_in_seconds).await;
                    report.postponed += 1;
                }
                Answer::Failed => report.failed += 1,
            }
        }
        self.delete(kind, &done).await;
        report
    }

    /// Asks a server; whatever goes wrong is logged here.
    async fn deliver(&self, kind: Kind, message: &Message) -> Answer {
        let id = message.message_id().unwrap_or_default();
        let Ok(fax) = message.body().unwrap_or_default().parse::<FaxId>() else {
            tracing::error!(queue = %kind, request_id = id, "message_unreadable");
            // Nobody will ever read it: it comes again soon, so that it is soon among the dead letters.
            self.hide(kind, message, 1).await;
            return Answer::Failed;
        };
        match self.ask(kind, &fax, id).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(queue = %kind, request_id = id, fax_id = %fax, error = format!("{error:#}"), "server_failed");
                Answer::Failed
            }
        }
    }

    async fn ask(&self, kind: Kind, fax: &FaxId, request_id: &str) -> anyhow::Result<Answer> {
        let base = self.settings.internal_url.as_str().trim_end_matches('/');
        let request = match kind {
            Kind::Retries => self.http.post(format!("{base}/internal/v1/faxes/{fax}/retry")),
            Kind::Refunds => self
                .http
                .post(format!("{base}/internal/v1/refunds"))
                .json(&serde_json::json!({ "fax_id": fax })),
        };
        let response = request.header("x-request-id", request_id).send().await?;
        let status = response.status();
        if status.is_success() {
            tracing::info!(queue = %kind, request_id, fax_id = %fax, "message_handled");
            return Ok(Answer::Handled);
        }
        if status == reqwest::StatusCode::CONFLICT {
            let TooEarly { due_in_seconds } = response.json().await?;
            tracing::info!(queue = %kind, request_id, fax_id = %fax, due_in_seconds, "message_too_early");
            return Ok(Answer::TooEarly { due_in_seconds });
        }
        anyhow::bail!("the server answered {status}")
    }

    /// Lets the message come again so much later. If that fails it comes again anyway, after its visibility timeout.
    async fn hide(&self, kind: Kind, message: &Message, seconds: u32) {
        let seconds = i32::try_from(seconds).unwrap_or(i32::MAX).clamp(1, LONGEST_HIDDEN);
        let request = self.sqs.change_message_visibility().queue_url(self.queue_url(kind));
        let request = request.receipt_handle(message.receipt_handle().unwrap_or_default());
        if let Err(error) = request.visibility_timeout(seconds).send().await {
            let error = anyhow::Error::from(error);
            tracing::warn!(queue = %kind, error = format!("{error:#}"), "visibility_not_changed");
        }
    }

    /// What is not deleted comes again, and is handled again.
    async fn delete(&self, kind: Kind, messages: &[&Message]) {
        if messages.is_empty() {
            return;
        }
        let entry = |(index, message): (usize, &&Message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .build()
                .ok()
        };
        let entries: Vec<_> = messages.iter().enumerate().filter_map(entry).collect();
        let request = self.sqs.delete_message_batch().queue_url(self.queue_url(kind));
        match request.set_entries(Some(entries)).send().await {
            Ok(answer) => {
                for refused in answer.failed() {
                    tracing::warn!(queue = %kind, code = refused.code(), "not_deleted");
                }
            }
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::warn!(queue = %kind, error = format!("{error:#}"), "not_deleted");
            }
        }
    }

    fn queue_url(&self, kind: Kind) -> &str {
        match kind {
            Kind::Retries => &self.settings.retries_queue_url,
            Kind::Refunds => &self.settings.refunds_queue_url,
        }
    }
}
