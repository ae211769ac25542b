//! Logs, as events with fields; metrics; traces. In none of them: passwords, tokens, cookies, documents, and fax numbers in
//! full.

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config;

mod traces;

use traces::Traces;

/// Names what is logged, as in `info,faxdroid_server=debug`.
const FILTER_VARIABLE: &str = "FAXDROID_LOG";
const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm_migration=warn";

/// Answers to requests; conversions of documents.
pub const REQUEST_SECONDS: &str = "faxdroid_request_seconds";
pub const CONVERSION_SECONDS: &str = "faxdroid_conversion_seconds";
pub const ATTEMPTS: &str = "faxdroid_attempts_total";
pub const CALLS: &str = "faxdroid_calls";
pub const QUEUE_AGE: &str = "faxdroid_queue_age_seconds";
pub const OUTBOX_AGE: &str = "faxdroid_outbox_age_seconds";
pub const MAIL_TRIES: &str = "faxdroid_mail_tries";
pub const CONNECTIONS: &str = "faxdroid_database_connections";

const SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// What this process tells of itself while it runs.
#[must_use = "what has gathered is handed over at its end"]
pub struct Telemetry(Option<Traces>);

/// Logs to the standard error: for people on a terminal, as JSON lines elsewhere. Exports traces if the settings say where
/// to, by the runtime that this is called in.
pub fn start(settings: &config::Telemetry) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if std::io::stderr().is_terminal() { lines.boxed() } else { lines.json().boxed() };
    let endpoint = settings.otlp_endpoint.as_ref();
    let traces = endpoint.map(|endpoint| Traces::to(endpoint, settings.sample)).transpose()?;
    let spans = traces.as_ref().map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer()));
    tracing_subscriber::registry().with(lines).with(spans).with(filter).init();
    Ok(Telemetry(traces))
}

impl Telemetry {
    /// Hands over what has gathered.
    pub async fn end(self) {
        if let Some(traces) = self.0 {
            traces.end().await;
        }
    }
}

/// What was counted by this process. The first call begins to count.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Somebody else of this process may have begun to count; then this counts nothing, and says so.
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("metrics_counted_elsewhere");
        }
        describe();
        handle
    })
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time to answer a request, by method, route and status"
    );
    describe_histogram!(CONVERSION_SECONDS, Unit::Seconds, "Time to make pages of an upload, by result");
    describe_counter!(ATTEMPTS, "Calls that have ended, by outcome");
    describe_gauge!(CALLS, "Calls in flight");
    describe_gauge!(QUEUE_AGE, Unit::Seconds, "How long the first fax has waited beyond its time, by status");
    describe_gauge!(OUTBOX_AGE, Unit::Seconds, "How long the first message has waited for its queue");
    describe_gauge!(MAIL_TRIES, "How often it was tried to send the mail that waits longest");
    describe_gauge!(CONNECTIONS, "Connections to the database, by pool and state");
}
