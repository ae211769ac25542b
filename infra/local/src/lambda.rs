//! Lambda as a function sees it: processes that ask a Runtime API for events, each for one at a time.
//!
//! Follows the AWS Lambda developer guide, "Using the Lambda runtime API" and "Understanding the Lambda execution environment
//! lifecycle". Nothing is frozen between events, and environments live until they fail.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use ulid::Ulid;

use crate::function::{Failed, Function};

/// What runs, and where.
#[derive(Debug, Clone)]
pub struct Program {
    /// The function's name, as it is told to it.
    pub name: String,
    pub command: PathBuf,
    pub arguments: Vec<String>,
    /// The folder of the unpacked package.
    pub folder: PathBuf,
    /// Variables of its own.
    pub environment: Vec<(String, String)>,
    /// An event that is not answered in this time has failed.
    pub timeout: Duration,
    /// Environments at once; further events wait.
    pub concurrency: usize,
}

/// A function and its environments.
#[derive(Debug)]
pub struct Lambda {
    program: Program,
    free: Semaphore,
    idle: Mutex<Vec<Environment>>,
}

/// A process and the Runtime API that it asks.
#[derive(Debug)]
struct Environment {
    process: Child,
    events: mpsc::Sender<Event>,
    answers: mpsc::Receiver<Result<Value, Failed>>,
    api: JoinHandle<()>,
}

#[derive(Debug)]
struct Event {
    id: String,
    deadline: SystemTime,
    body: String,
}

#[derive(Clone)]
struct RuntimeApi {
    events: Arc<tokio::sync::Mutex<mpsc::Receiver<Event>>>,
    answers: mpsc::Sender<Result<Value, Failed>>,
}

impl Lambda {
    /// Starts nothing yet: an environment starts with the first event that finds none idle.
    pub fn new(program: Program) -> Self {
        let free = Semaphore::new(program.concurrency);
        Self { program, free, idle: Mutex::default() }
    }

    fn idle(&self) -> Option<Environment> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has ended since is started anew.
        idle.retain_mut(|environment| matches!(environment.process.try_wait(), Ok(None)));
        idle.pop()
    }
}

#[async_trait]
impl Function for Lambda {
    async fn invoke(&self, event: &Value) -> Result<Value, Failed> {
        let failed = |error: &dyn std::fmt::Display| Failed(error.to_string());
        let _turn = self.free.acquire().await.map_err(|error| failed(&error))?;
        let mut environment = match self.idle() {
            Some(environment) => environment,
            None => Environment::start(&self.program).await.map_err(|error| failed(&error))?,
        };
        let answer = environment.answer(event, self.program.timeout).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(environment);
        answer
    }
}

impl Environment {
    async fn start(program: &Program) -> std::io::Result<Self> {
        let (events, waiting) = mpsc::channel(1);
        let (answers, answered) = mpsc::channel(1);
        let api = RuntimeApi { events: Arc::new(tokio::sync::Mutex::new(waiting)), answers };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(api);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let api = tokio::spawn(async move {
            // It ends when the environment is dropped.
            let _ = axum::serve(listener, router).await;
        });
        let process = Command::new(&program.command)
            .args(&program.arguments)
            .current_dir(&program.folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &program.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", program.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_REGION", "us-east-1")
            .env("LAMBDA_TASK_ROOT", &program.folder)
            .env("_HANDLER", "index.handler")
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { process, events, answers: answered, api })
    }

    /// The answer, or the error that the function reports. Of a process that ends or says nothing nothing more is expected.
    async fn answer(&mut self, event: &Value, timeout: Duration) -> Result<Result<Value, Failed>, Failed> {
        let id = Ulid::new().to_string();
        let event = Event { id, deadline: SystemTime::now() + timeout, body: event.to_string() };
        let answered = async {
            self.events.send(event).await.map_err(|_| Failed("the Runtime API has ended".to_owned()))?;
            self.answers.recv().await.ok_or_else(|| Failed("the Runtime API has ended".to_owned()))
        };
        tokio::select! {
            answer = answered => answer,
            ended = self.process.wait() => Err(Failed(match ended {
                Ok(status) => format!("Runtime exited: {status}"),
                Err(error) => error.to_string(),
            })),
            () = tokio::time::sleep(timeout) => Err(Failed(format!("Task timed out after {timeout:?}"))),
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.api.abort();
    }
}

async fn next(State(api): State<RuntimeApi>) -> Response {
    let Some(event) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:local:1".to_owned(),
        ),
    ];
    (headers, event.body).into_response()
}

async fn response(State(api): State<RuntimeApi>, Path(_id): Path<String>, body: Bytes) -> Response {
    let answer = serde_json::from_slice(&body).map_err(|error| Failed(format!("no JSON: {error}")));
    accepted(&api, answer).await
}

async fn error(State(api): State<RuntimeApi>, Path(_id): Path<String>, body: Bytes) -> Response {
    accepted(&api, Err(Failed(String::from_utf8_lossy(&body).into_owned()))).await
}

async fn init_error(State(api): State<RuntimeApi>, body: Bytes) -> Response {
    accepted(&api, Err(Failed(String::from_utf8_lossy(&body).into_owned()))).await
}

async fn accepted(api: &RuntimeApi, answer: Result<Value, Failed>) -> Response {
    // Nobody waits any more for an answer that comes too late.
    let _ = api.answers.try_send(answer);
    (StatusCode::ACCEPTED, Json(serde_json::json!({ "status": "OK" }))).into_response()
}
