//! The edge of QA's templates between a bucket, a server and a renderer that say what a test tells them to.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use faxdroid_evaluator::{Environment, Stack};
use faxdroid_local::clock::Clock;
use faxdroid_local::function::{Failed, Function};
use faxdroid_local::{EdgeLocation, Places, Protocol, Surroundings, Viewer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) const HOST: &str = "www.faxdroid.example";
pub(crate) const SECRET: &str = "the secret of the origin";
pub(crate) const SHELL: &str = "<!DOCTYPE html><title>Shell</title>";
const SECRET_REFERENCE: &str = "{{resolve:secretsmanager:faxdroid/qa/origin-odd-1:SecretString:value}}";
const RENDERER: &str = "edge.RendererVersion";
/// A documentation network (RFC 5737) that is on no list.
pub(crate) const CUSTOMER: [u8; 4] = [203, 0, 113, 7];

pub(crate) fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// QA's templates, for a domain of this test.
pub(crate) fn environment(set: &[(&str, &str)]) -> Environment {
    let base64 = format!("{}=", "A".repeat(43));
    let mut given: BTreeMap<String, String> = [
        ("DomainName", "faxdroid.example"),
        ("Release", "1.0.0"),
        ("ServerPackageSha256", &"0".repeat(64)),
        ("PollerPackageSha256", &base64),
        ("EdgePackageSha256", &base64),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    given.extend(set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Environment::read(&infra(), "qa", &given).unwrap()
}

pub(crate) fn stacks() -> Vec<Stack> {
    environment(&[]).evaluate().unwrap()
}

/// The edge stack, changed by a test: a JSON pointer below a resource's properties, and what is there instead.
pub(crate) fn changed(resource: &str, pointer: &str, value: Value) -> Vec<Stack> {
    let mut stacks = stacks();
    let edge = stacks.iter_mut().find(|stack| stack.name == "edge").unwrap();
    let properties = &mut edge.resources.get_mut(resource).unwrap().properties;
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match properties.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        object => object[name] = value,
    }
    stacks
}

pub(crate) struct World {
    pub(crate) edge: Arc<EdgeLocation>,
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) api: Arc<Api>,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) clock: Clock,
    servers: [JoinHandle<()>; 2],
}

/// Plays S3: what is not there is 404.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    files: Mutex<HashMap<String, (HeaderMap, Bytes)>>,
    asked: Mutex<Vec<String>>,
}

impl Bucket {
    pub(crate) fn put(&self, key: &str, headers: &[(&'static str, &str)], body: impl Into<Bytes>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        self.files.lock().unwrap().insert(format!("/static{key}"), (map, body.into()));
    }

    pub(crate) fn remove(&self, key: &str) {
        self.files.lock().unwrap().remove(&format!("/static{key}"));
    }

    /// Keys that were asked for, each as often as it was.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Status, headers, body.
pub(crate) type Said = (StatusCode, Vec<(&'static str, &'static str)>, &'static str);

/// Plays the load balancer with the servers behind it.
#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) requests: Mutex<Vec<(Method, String, HeaderMap)>>,
    /// What it answers everything; 200 when nothing is said.
    pub(crate) answer: Mutex<Option<Said>>,
}

impl Api {
    pub(crate) fn answers(&self, status: u16, headers: &[(&'static str, &'static str)], body: &'static str) {
        *self.answer.lock().unwrap() = Some((StatusCode::from_u16(status).unwrap(), headers.to_vec(), body));
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn last(&self) -> (Method, String, HeaderMap) {
        self.requests.lock().unwrap().last().unwrap().clone()
    }
}

/// What the renderer does with events.
#[derive(Debug, Clone, Default)]
pub(crate) enum Renders {
    /// A page that names path, query, host, and how often it was asked; files go on.
    #[default]
    Pages,
    Fails,
    /// This, whatever is asked.
    Exactly(Value),
}

#[derive(Debug, Default)]
pub(crate) struct Renderer {
    pub(crate) renders: Mutex<Renders>,
    pub(crate) count: AtomicUsize,
    pub(crate) events: Mutex<Vec<Value>>,
}

impl Renderer {
    pub(crate) fn now(&self, renders: Renders) {
        *self.renders.lock().unwrap() = renders;
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Function for Renderer {
    async fn invoke(&self, event: &Value) -> Result<Value, Failed> {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.events.lock().unwrap().push(event.clone());
        let request = &event["Records"][0]["cf"]["request"];
        let uri = request["uri"].as_str().unwrap();
        match self.renders.lock().unwrap().clone() {
            Renders::Fails => Err(Failed("Runtime exited: exit status: 1".to_owned())),
            Renders::Exactly(answer) => Ok(answer),
            Renders::Pages if uri.contains('.') => Ok(request.clone()),
            Renders::Pages => Ok(json!({
                "status": "200",
                "headers": {
                    "content-type": [{ "value": "text/html; charset=utf-8" }],
                    "cache-control": [{ "value": "public, max-age=300, s-maxage=86400, stale-while-revalidate=60, stale-if-error=600" }],
                    "etag": [{ "value": format!("\"{count}\"") }],
                },
                "body": format!("{uri}?{} render {count}", request["querystring"].as_str().unwrap()),
            })),
        }
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(&stacks(), None).await
    }

    pub(crate) async fn with(stacks: &[Stack], port: Option<u16>) -> Self {
        let (bucket, api) = (Arc::new(Bucket::default()), Arc::new(Api::default()));
        let (bucket_at, first) = serve(Router::new().fallback(get_object).with_state(bucket.clone())).await;
        let (api_at, second) = serve(Router::new().fallback(api_answer).with_state(api.clone())).await;
        bucket.put(
            "/fallback/index.html",
            &[("content-type", "text/html"), ("cache-control", "no-cache")],
            SHELL,
        );
        let renderer = Arc::new(Renderer::default());
        let clock = Clock::default();
        let with = Surroundings {
            places: places(stacks, bucket_at, api_at),
            functions: [(RENDERER.to_owned(), renderer.clone() as Arc<dyn Function>)].into(),
            port,
            clock: clock.clone(),
        };
        let edge = EdgeLocation::new(stacks, &infra().join("local/managed"), with).unwrap();
        Self { edge, bucket, api, renderer, clock, servers: [first, second] }
    }

    pub(crate) fn get(&self, target: &str) -> Ask<'_> {
        self.ask(Method::GET, target)
    }

    pub(crate) fn ask(&self, method: Method, target: &str) -> Ask<'_> {
        let request = Request::builder().method(method).uri(target).header("host", HOST);
        let viewer = Viewer { address: CUSTOMER.into(), protocol: Protocol::Https };
        Ask { world: self, viewer, request: request.body(Body::empty()).unwrap() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

/// The places of QA's origins: everything in one bucket, and the servers.
pub(crate) fn places(stacks: &[Stack], bucket: SocketAddr, api: SocketAddr) -> Places {
    let edge = stacks.iter().find(|stack| stack.name == "edge").unwrap();
    Places::default()
        .bucket("<edge.StaticBucket.RegionalDomainName>", bucket, "static")
        .server(edge.parameters["OriginHost"].as_str().unwrap(), api)
        .secret(SECRET_REFERENCE, SECRET)
}

pub(crate) async fn serve(router: Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, task)
}

async fn get_object(State(bucket): State<Arc<Bucket>>, request: Request<Body>) -> Response<Body> {
    let key = request.uri().path().to_owned();
    bucket.asked.lock().unwrap().push(key.clone());
    // As S3: whoever is not signed for reads nothing.
    if !request.headers().contains_key("authorization") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let file = bucket.files.lock().unwrap().get(&key).cloned();
    match file {
        Some((headers, body)) => (headers, body).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn api_answer(State(api): State<Arc<Api>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    to_bytes(body, usize::MAX).await.unwrap();
    api.requests.lock().unwrap().push((head.method, head.uri.to_string(), head.headers));
    let answer = api.answer.lock().unwrap().clone();
    let (status, headers, body) =
        answer.unwrap_or((StatusCode::OK, vec![("cache-control", "no-store")], "{}"));
    let mut response = (status, body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// A request, and what came of it.
pub(crate) struct Ask<'a> {
    world: &'a World,
    viewer: Viewer,
    request: Request<Body>,
}

impl Ask<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn from(mut self, address: impl Into<IpAddr>) -> Self {
        self.viewer.address = address.into();
        self
    }

    pub(crate) fn over_http(mut self) -> Self {
        self.viewer.protocol = Protocol::Http;
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let (head, body) = self.world.edge.answer(self.viewer, self.request).await.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The first word of `X-Cache`.
    pub(crate) fn cache(&self) -> &str {
        self.header("x-cache").split(' ').next().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}
