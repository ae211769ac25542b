//! The web ACL before real servers: every operation of the API passes, and what bots try does not.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use faxdroid_evaluator::{Environment, Stack};
use faxdroid_local::clock::Clock;
use faxdroid_local::function::{Failed, Function};
use faxdroid_local::listener::Listener;
use faxdroid_local::{EdgeLocation, Places, Surroundings};
use faxdroid_server::Server;
use faxdroid_server::config::Config;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

const HOST: &str = "www.faxdroid.example";
const FAX: &str = "fax_01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// The renderer knows no page that a bot asks for, and passes files on.
#[derive(Debug)]
struct NoPage;

#[async_trait]
impl Function for NoPage {
    async fn invoke(&self, event: &Value) -> Result<Value, Failed> {
        let request = &event["Records"][0]["cf"]["request"];
        let file = request["uri"].as_str().unwrap().rsplit('/').next().unwrap().contains('.');
        Ok(if file { request.clone() } else { json!({ "status": "404", "body": "no such page" }) })
    }
}

/// Two servers behind one address, where every connection is counted: the edge makes one for each request.
struct Servers {
    address: SocketAddr,
    reached: Arc<AtomicUsize>,
    task: JoinHandle<()>,
    servers: Vec<Server>,
    _folders: Vec<tempfile::TempDir>,
}

impl Servers {
    async fn start() -> Self {
        let (mut servers, mut folders) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            // The edge is the one proxy in front of them here.
            let mut config = Config::from_toml(
                "listen = \"127.0.0.1:0\"\ninternal_listen = \"127.0.0.1:0\"\ntrusted_proxies = 1\n[site]\nserve = false",
            )
            .unwrap();
            config.data_dir = folder.path().to_owned();
            servers.push(faxdroid_server::start(config).await.unwrap());
            folders.push(folder);
        }
        let targets: Vec<SocketAddr> = servers.iter().map(Server::address).collect();
        let reached = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counted = reached.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let turn = counted.fetch_add(1, Ordering::SeqCst);
                let mut server = TcpStream::connect(targets[turn % targets.len()]).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
            }
        });
        Self { address, reached, task, servers, _folders: folders }
    }

    fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }

    /// Requests that the servers themselves have counted.
    async fn counted(&self) -> u64 {
        let metrics = format!("http://{}/metrics", self.servers[0].internal_address());
        let text = http_client().get(metrics).send().await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| line.starts_with("faxdroid_request_seconds_count"));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn http_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Servers count for the whole process: one world at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct World {
    _turn: tokio::sync::MutexGuard<'static, ()>,
    servers: Servers,
    edge: Arc<EdgeLocation>,
    listener: Listener,
    clock: Clock,
    bucket: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.bucket.abort();
    }
}

fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn stacks() -> Vec<Stack> {
    let base64 = format!("{}=", "A".repeat(43));
    let given = [
        ("DomainName", "faxdroid.example"),
        ("Release", "1.0.0"),
        ("ServerPackageSha256", &"0".repeat(64)),
        ("PollerPackageSha256", &base64),
        ("EdgePackageSha256", &base64),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Environment::read(&infra(), "prod", &given).unwrap().evaluate().unwrap()
}

impl World {
    async fn start() -> Self {
        let turn = TURN.lock().await;
        let servers = Servers::start().await;
        let nothing = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nothing_at = nothing.local_addr().unwrap();
        let bucket = tokio::spawn(async move { axum::serve(nothing, Router::new()).await.unwrap() });
        let stacks = stacks();
        let edge = stacks.iter().find(|stack| stack.name == "edge").unwrap();
        let clock = Clock::default();
        let renderer: Arc<dyn Function> = Arc::new(NoPage);
        let with = Surroundings {
            places: Places::default()
                .bucket("<edge.StaticBucket.RegionalDomainName>", nothing_at, "static")
                .server(edge.parameters["OriginHost"].as_str().unwrap(), servers.address)
                .secret("{{resolve:secretsmanager:faxdroid/prod/origin-odd-1:SecretString:value}}", "secret"),
            functions: [("edge.RendererVersion".to_owned(), renderer)].into(),
            clock: clock.clone(),
            port: None,
        };
        let edge = EdgeLocation::new(&stacks, &infra().join("local/managed"), with).unwrap();
        let any = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = Listener::start(edge.clone(), any().await, any().await).unwrap();
        Self { _turn: turn, servers, edge, listener, clock, bucket }
    }

    /// One request over TLS, exactly as it is written. What came back, and nothing when the connection was closed.
    async fn send(&self, from: [u8; 4], request: &str) -> String {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let stream = socket.connect(self.listener.https).await.unwrap();
        let mut stream = self.tls().connect(ServerName::try_from(HOST).unwrap(), stream).await.unwrap();
        // Whoever is refused early may be cut off while he still writes.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn tls(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.listener.certificate.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }
}

const ME: [u8; 4] = [127, 0, 0, 1];

fn request(method: &str, target: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{method} {target} HTTP/1.1\r\nhost: {HOST}\r\n{headers}{length}connection: close\r\n\r\n{body}")
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_the_openapi_document_reaches_a_server() {
    let world = World::start().await;
    let document: Value = serde_json::from_str(&faxdroid_server::api::openapi_json().unwrap()).unwrap();
    let counted = world.servers.counted().await;
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let target = path.split('/').map(|part| match part {
                "{page}" => "1.png",
                part if part.starts_with('{') => FAX,
                part => part,
            });
            let target = target.collect::<Vec<_>>().join("/");
            let before = world.servers.reached();
            let answer = world.send(ME, &request(&method.to_uppercase(), &target, "", "")).await;
            assert_eq!(world.servers.reached() - before, 1, "{method} {target}: {answer}");
            assert!(!answer.is_empty() && status(&answer) != "429", "{method} {target}: {answer}");
            operations += 1;
        }
    }
    assert!(operations > 30, "{operations}");
    assert_eq!(world.servers.counted().await - counted, operations);
}

/// A target in every form in which it is tried.
fn forms(target: &str) -> Vec<(&'static str, String, String)> {
    let plain = |method, target: String| (method, target, String::new());
    let with = |target: String, header: String| ("GET", target, header);
    let last_encoded = target.replace('.', "%2e").replace('/', "%2f");
    vec![
        plain("GET", format!("/{target}")),
        plain("POST", format!("/api/{target}")),
        plain("GET", format!("/api/v1/{target}")),
        plain("GET", format!("/api/v1/../../{target}")),
        plain("GET", format!("/api/v1/faxes/..%2f..%2f..%2f{target}")),
        plain("GET", format!("/api/..;/{target}")),
        plain("GET", format!("/pkg/../api/{target}")),
        plain("GET", format!("//api//{target}")),
        plain("GET", format!("/%61pi/v1/{target}")),
        plain("GET", format!("/./api/v1/{last_encoded}")),
        plain("GET", format!("/x/%2e%2e/api/v1/{target}")),
        plain("GET", format!("/api/v1/%252e%252e/{target}")),
        plain("GET", format!("/api/v1/%c0%ae%c0%ae/{target}")),
        plain("GET", format!("/api/v1/{target}%00.json")),
        plain("GET", format!("/API/V1/{target}")),
        plain("GET", format!("/api\\v1\\{target}")),
        plain("PUT", format!("/api/v1/documents/{FAX}/{target}")),
        plain("PROPFIND", format!("/api/v1/faxes/{target}")),
        plain("DEBUG", format!("/api/v1/me/{target}")),
        with(
            format!("/api/v1/health/{target}"),
            "x-http-method-override: GET\r\nx-method-override: GET\r\n".to_owned(),
        ),
        with(
            format!("/{target}?rewritten"),
            format!("x-original-url: /api/v1/me\r\nx-rewrite-url: /api/{target}\r\n"),
        ),
        with(format!("http://{HOST}/api/{target}"), String::new()),
    ]
}

fn targets() -> Vec<&'static str> {
    let lines = include_str!("targets.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_paths_that_bots_try_are_stopped_before_the_servers() {
    let world = World::start().await;
    let attempts: Vec<_> = targets().into_iter().flat_map(forms).collect();
    let paths: BTreeSet<&String> = attempts.iter().map(|(_, target, _)| target).collect();
    assert!(paths.len() >= 2_000, "{}", paths.len());
    let before = world.servers.counted().await;
    for (method, target, headers) in &attempts {
        let answer = world.send(ME, &request(method, target, headers, "")).await;
        let stopped = matches!(status(&answer), "400" | "403" | "404");
        assert!(stopped, "{method} {target}: {answer}");
        assert_eq!(world.servers.reached(), 0, "{method} {target} reached a server: {answer}");
    }
    assert_eq!(world.servers.counted().await, before);
    println!("{} requests for {} paths", attempts.len(), paths.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oversize_smuggled_and_malformed_requests_are_stopped_before_the_servers() {
    let world = World::start().await;
    let smuggled = "content-length: 60\r\ntransfer-encoding: chunked\r\n";
    let hosts = "host: internal.faxdroid.example\r\n";
    let long = "a".repeat(9_000);
    let attempts = [
        request("GET", &format!("/api/v1/faxes?q={long}"), "", ""),
        request("GET", &format!("/api/v1/faxes/{long}"), "", ""),
        request("GET", "/api/v1/faxes", &format!("x-padding: {}\r\n", "a".repeat(40_000)), ""),
        request("GET", "/api/v1/faxes", &"x-many: 1\r\n".repeat(2_000), ""),
        request("GET", "/api/v1/faxes", "", "a body where none belongs"),
        request("TRACE", "/api/v1/faxes", "", ""),
        request("CONNECT", "internal:3002", "", ""),
        request("GET", "/api/v1/faxes HTTP/1.1\r\nhost: x\r\n\r\nGET /internal/v1/health", "", ""),
        request("GET", "*", "", ""),
        request("OPTIONS", "/api/v1/faxes", "", ""),
        request("HEAD", "/api/v1/nothing", "", ""),
        "GET /api/v1/health HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n".to_owned(),
        "GET /api/v1/health HTTP/1.0\r\n\r\n".to_owned(),
        "GET /api/v1/health HTTP/9.9\r\nhost: www.faxdroid.example\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(),
    ];
    for attempt in attempts {
        let answer = world.send(ME, &attempt).await;
        let head: String = attempt.chars().take(60).collect();
        assert!(!answer.starts_with("HTTP/1.1 2"), "{head}: {answer}");
        assert_eq!(world.servers.reached(), 0, "{head} reached a server: {answer}");
    }
    // Two requests in one: the second is judged by itself, and the first has a body that no server sees as a request.
    for headers in [smuggled, hosts] {
        let inner = "0\r\n\r\nGET /internal/v1/health HTTP/1.1\r\nhost: x\r\n\r\n";
        let head = format!("POST /api/v1/nothing HTTP/1.1\r\nhost: {HOST}\r\n{headers}\r\n{inner}");
        let answer = world.send(ME, &head).await;
        assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
        assert_eq!(world.servers.reached(), 0, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_passwords_is_known_by_his_address_whatever_he_forges() {
    let world = World::start().await;
    let guess = |n: usize| {
        let body = format!("{{\"email\":\"someone@example.org\",\"password\":\"guess number {n}\"}}");
        let forged =
            format!("x-forwarded-for: 203.0.113.{n}, 198.51.100.{n}\r\ncontent-type: application/json\r\n");
        request("POST", "/api/v1/sessions", &forged, &body)
    };
    let mut answers = Vec::new();
    for n in 0..60 {
        answers.push(status(&world.send(ME, &guess(n)).await).to_owned());
    }
    let by_web_acl = answers.iter().skip(50).all(|status| status == "429");
    assert!(by_web_acl, "the web ACL lets 50 of them through: {answers:?}");
    // Before that each server has counted twenty for itself, by the very address.
    assert!(answers[..50].contains(&"429".to_owned()), "{answers:?}");
    let neighbour = world.send([127, 0, 0, 2], &guess(1)).await;
    assert_eq!(status(&neighbour), "401", "{neighbour}");
    world.clock.turn_forward(Duration::from_secs(300));
    let reached = world.servers.reached();
    world.send(ME, &guess(1)).await;
    assert_eq!(world.servers.reached(), reached + 1, "the web ACL has recovered");
    assert!(
        world.edge.web_acl.matched().iter().any(|(rule, count)| *rule == "rate-of-sign-in" && *count == 10)
    );
}
