//! The Lambda function (runtime provided.al2023, where its program is called `bootstrap`), started by an EventBridge rule
//! every minute.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use faxdroid_poller::{Poller, Report, Settings};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing::Instrument;

/// Between the last answer and the time limit of the function.
const MARGIN: Duration = Duration::from_secs(3);
/// The next run begins a minute after this one.
const LONGEST_RUN: Duration = Duration::from_secs(55);

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt().json().without_time().with_current_span(false).with_span_list(true).init();
    let poller = Poller::new(Settings::from_environment()?).await?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        // Whatever happens to a message is logged with the run it happened in.
        let run = tracing::info_span!("run", run = event.context.request_id);
        let report = poller.run(end_of_run(event.context.deadline)).instrument(run.clone()).await;
        run.in_scope(|| tell(&report))
    }))
    .await
}

/// `deadline` is in epoch milliseconds.
fn end_of_run(deadline: u64) -> Instant {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(deadline).saturating_sub(now).saturating_sub(MARGIN);
    Instant::now() + left.min(LONGEST_RUN)
}

/// A run that handled nothing and failed is an error of the function, which is what its alarm counts. Messages that
/// failed beside others that did not are reported; each of them comes again and ends among the dead letters.
fn tell(report: &Report) -> Result<Report, Error> {
    tracing::info!(
        handled = report.handled,
        postponed = report.postponed,
        failed = report.failed,
        queues_failed = report.queues_failed,
        "run_ended"
    );
    if report.is_partial() && report.handled + report.postponed == 0 {
        return Err(format!("{} messages and {} queues failed", report.failed, report.queues_failed).into());
    }
    Ok(report.clone())
}
