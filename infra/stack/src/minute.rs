//! EventBridge and the queue poller: the function as it is deployed, started as often as the template's rule says.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use faxdroid_evaluator::Resource;
use faxdroid_local::function::Function;
use faxdroid_local::lambda::{Lambda, Program};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinSet;

#[derive(Debug)]
pub(crate) struct Minute {
    poller: Lambda,
    pub(crate) period: Duration,
    last: Mutex<Option<Run>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) at: Timestamp,
    /// What the function answered, or why it failed.
    pub(crate) said: Result<Value, String>,
}

impl Minute {
    /// Of the template's `rule` and `function`; `variables` are what the function's are on this machine.
    pub(crate) fn new(
        rule: &Resource,
        function: &Resource,
        program: PathBuf,
        variables: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let expression = rule.properties["ScheduleExpression"].as_str().unwrap_or_default();
        if expression != "rate(1 minute)" {
            bail!("the schedule {expression:?} is not played");
        }
        let wanted = function.properties["Environment"]["Variables"]
            .as_object()
            .context("the poller has no variables")?;
        for name in wanted.keys() {
            let known = variables.iter().any(|(variable, _)| variable == name);
            anyhow::ensure!(known, "nothing says what the poller's variable {name} is");
        }
        let timeout = function.properties["Timeout"].as_u64().context("the poller has no time limit")?;
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let poller = Lambda::new(Program {
            name: "poller".to_owned(),
            folder: program.parent().context("the poller has a folder")?.to_owned(),
            command: program,
            arguments: Vec::new(),
            environment,
            timeout: Duration::from_secs(timeout),
            concurrency: 1,
        });
        Ok(Self { poller, period: Duration::from_secs(60), last: Mutex::default() })
    }

    pub(crate) fn run_every_minute(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        let minute = self.clone();
        tasks.spawn(async move {
            let mut ticks = tokio::time::interval(minute.period);
            loop {
                ticks.tick().await;
                minute.run().await;
            }
        });
    }

    /// One run.
    pub(crate) async fn run(&self) {
        let at = Timestamp::now();
        let event =
            json!({ "source": "aws.events", "detail-type": "Scheduled Event", "time": at.to_string() });
        let said = self.poller.invoke(&event).await.map_err(|failed| failed.to_string());
        if let Err(error) = &said {
            tracing::warn!(error, "poller_failed");
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Run { at, said });
    }

    pub(crate) fn last(&self) -> Option<Run> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
