//! AWS's services on this machine: moto, which keeps buckets, queues, functions and stacks, behind one address at which
//! invalidations go to the edge location instead. The deploy tool and the servers find it as they find any endpoint.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use faxdroid_local::{EdgeLocation, invalidations};
use faxdroid_testbed::Moto;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

/// The environment's name in templates of what moto creates.
pub(crate) const ENVIRONMENT: &str = "local";
/// Nobody checks them here, but the SDK signs.
pub(crate) const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];
/// An invalidation is in progress for so long: the deploy tool is to meet one that is not over at once.
const INVALIDATION_TAKES: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Aws {
    moto: Moto,
    http: reqwest::Client,
}

/// The release tool with the parameters of this machine.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    pub(crate) program: PathBuf,
    /// With templates of what moto creates.
    pub(crate) infra: PathBuf,
    pub(crate) endpoint: String,
}

impl Aws {
    /// `completion` adds what moto's CloudFormation leaves out.
    pub(crate) async fn start(completion: PathBuf) -> anyhow::Result<Self> {
        let moto = tokio::task::spawn_blocking(move || Moto::start_completed(&completion)).await?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(20))
            .build()?;
        Ok(Self { moto, http })
    }

    pub(crate) fn moto(&self) -> &Moto {
        &self.moto
    }

    /// Answers at `listener` for as long as `tasks` is there.
    pub(crate) fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        edge: Arc<EdgeLocation>,
        tasks: &mut JoinSet<()>,
    ) {
        let router: Router = invalidations::api(edge, INVALIDATION_TAKES)
            .fallback_service(Router::new().fallback(pass_on).with_state(self.clone()));
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "aws_endpoint_ended");
            }
        });
    }

    /// The object's content.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/faxdroid-{ENVIRONMENT}-{bucket}/{key}", self.moto.endpoint());
        let asked = self.http.get(url).header("authorization", signed("s3"));
        Ok(asked.send().await?.error_for_status()?.bytes().await?.to_vec())
    }

    /// Which release the renderer is of; none before the first.
    pub(crate) async fn rendered(&self) -> anyhow::Result<Option<String>> {
        let url = format!("{}/2015-03-31/functions/faxdroid-{ENVIRONMENT}-renderer", self.moto.endpoint());
        let answer = self.http.get(url).header("authorization", signed("lambda")).send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let function: Value = answer.error_for_status()?.json().await?;
        Ok(function["Configuration"]["Description"].as_str().map(str::to_owned))
    }

    pub(crate) fn queue_url(&self, name: &str) -> String {
        format!("{}/123456789012/faxdroid-{ENVIRONMENT}-{name}", self.moto.endpoint())
    }

    /// Messages of a queue, those that somebody is at among them.
    pub(crate) async fn messages(&self, queue: &str) -> anyhow::Result<u64> {
        let form = [("Action", "GetQueueAttributes"), ("AttributeName.1", "All")];
        let body = form.map(|(name, value)| format!("{name}={value}")).join("&");
        let asked = self.http.post(self.queue_url(queue)).header("authorization", signed("sqs"));
        let asked = asked.header("content-type", "application/x-www-form-urlencoded").body(body);
        let text = asked.send().await?.error_for_status()?.text().await?;
        let count = |name: &str| {
            let rest = text.split(&format!("<Name>{name}</Name>")).nth(1)?;
            rest.split_once("<Value>")?.1.split('<').next()?.parse::<u64>().ok()
        };
        let counts =
            ["", "NotVisible", "Delayed"].map(|state| count(&format!("ApproximateNumberOfMessages{state}")));
        counts
            .into_iter()
            .sum::<Option<u64>>()
            .with_context(|| format!("moto says nothing of {queue}: {text}"))
    }
}

/// moto tells services apart by what a signature is for, and checks none.
fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20261101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

async fn pass_on(State(aws): State<Arc<Aws>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut headers = head.headers;
    headers.remove("transfer-encoding");
    let passed = aws.http.request(head.method, format!("{}{target}", aws.moto.endpoint())).headers(headers);
    match passed.body(reqwest::Body::wrap_stream(body.into_data_stream())).send().await {
        Ok(answer) => {
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            headers.remove("transfer-encoding");
            let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Err(error) => {
            tracing::warn!(%error, "moto_failed");
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

impl Operator {
    /// Writes the parameters of this machine beside templates of what moto creates.
    pub(crate) fn new(
        program: PathBuf,
        templates: &Path,
        folder: &Path,
        distribution: &str,
        endpoint: String,
    ) -> anyhow::Result<Self> {
        let infra = folder.join("infra");
        for part in ["templates", "parameters"] {
            std::fs::create_dir_all(infra.join(part))?;
            for file in
                std::fs::read_dir(templates.join(part)).with_context(|| templates.display().to_string())?
            {
                let file = file?;
                std::fs::copy(file.path(), infra.join(part).join(file.file_name()))?;
            }
        }
        let parameters = format!(
            "layers: environment\naccount: \"123456789012\"\nregion: us-east-1\nparameters:\n  Environment: {ENVIRONMENT}\n  \
             Distribution: {distribution}\n"
        );
        std::fs::write(infra.join(format!("parameters/{ENVIRONMENT}.yaml")), parameters)?;
        Ok(Self { program, infra, endpoint })
    }

    /// What somebody types who releases by hand; the environment's name is `local`.
    pub(crate) fn words(&self) -> String {
        let credentials = CREDENTIALS.map(|(name, value)| format!("{name}={value}")).join(" ");
        format!(
            "env {credentials} AWS_ENDPOINT_URL={} {} --infra {} --as-myself",
            self.endpoint,
            self.program.display(),
            self.infra.display()
        )
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("--infra").arg(&self.infra).arg("--as-myself").args(arguments).kill_on_drop(true);
        let ended = command.envs(CREDENTIALS).env("AWS_ENDPOINT_URL", &self.endpoint).output().await;
        let ended = ended.with_context(|| self.program.display().to_string())?;
        let said =
            [ended.stdout, ended.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        ensure!(ended.status.success(), "faxdroid {}: {said}", arguments.join(" "));
        Ok(())
    }
}
