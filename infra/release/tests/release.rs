//! The program against moto's CloudFormation, S3, Lambda and CloudFront, with a network in between that fails, and killed at
//! every step.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use faxdroid_testbed::Moto;
use futures::stream;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinHandle;

/// Between the program and moto: counts requests, and does to them what it is told to.
struct Network {
    address: String,
    state: Arc<NetworkState>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct NetworkState {
    moto: String,
    client: reqwest::Client,
    requests: AtomicUsize,
    weather: Mutex<Weather>,
    /// Bodies of the invalidations that were asked for.
    invalidations: Mutex<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Weather {
    #[default]
    Fine,
    /// Throttling, failures, and answers that are cut off, one after the other.
    Stormy,
    /// The process with this number is killed at the request with that one, before it arrives or after.
    Deadly { process: u32, at: usize, arrives: bool },
}

impl Network {
    async fn before(moto: &Moto) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let state = Arc::new(NetworkState { moto: moto.endpoint(), client, ..NetworkState::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(carry).with_state(state.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, state, task }
    }

    fn now(&self, weather: Weather) {
        *self.state.weather.lock().unwrap() = weather;
        self.state.requests.store(0, Ordering::SeqCst);
        self.state.invalidations.lock().unwrap().clear();
    }

    /// Paths of every invalidation since the weather was set.
    fn invalidated(&self) -> Vec<String> {
        let bodies = self.state.invalidations.lock().unwrap();
        let paths = bodies.iter().flat_map(|body| body.split("<Path>").skip(1));
        paths.map(|path| path.split('<').next().unwrap().to_owned()).collect()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(State(network): State<Arc<NetworkState>>, request: Request) -> Response<Body> {
    let number = network.requests.fetch_add(1, Ordering::SeqCst) + 1;
    let weather = *network.weather.lock().unwrap();
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match weather {
        Weather::Stormy if number % 4 == 1 => {
            return (StatusCode::SERVICE_UNAVAILABLE, "<Error><Code>SlowDown</Code></Error>").into_response();
        }
        Weather::Stormy if number % 9 == 2 => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "<Error><Code>InternalError</Code></Error>")
                .into_response();
        }
        Weather::Deadly { process, at, arrives: false } if number == at => {
            kill(process);
            return StatusCode::BAD_GATEWAY.into_response();
        }
        _ => {}
    }
    if head.method == Method::POST && head.uri.path().ends_with("/invalidation") {
        network.invalidations.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
    }
    let answer = forward(&network, &head.method, &head.uri.to_string(), &head.headers, body).await;
    match weather {
        // It has happened, and nobody is told.
        Weather::Stormy if number % 7 == 3 => cut_off(),
        Weather::Deadly { process, at, arrives: true } if number == at => {
            kill(process);
            cut_off()
        }
        _ => answer,
    }
}

async fn forward(
    network: &NetworkState,
    method: &Method,
    target: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut headers = headers.clone();
    headers.remove("host");
    let url = format!("{}{target}", network.moto);
    let asked = network.client.request(method.clone(), url).headers(headers).body(body).send().await.unwrap();
    let (status, mut headers) = (asked.status(), asked.headers().clone());
    headers.remove("transfer-encoding");
    let body = asked.bytes().await.unwrap_or_default();
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

fn cut_off() -> Response<Body> {
    let broken = stream::iter([Ok(Bytes::from_static(b"<")), Err(std::io::Error::other("cut off"))]);
    let mut answer = Response::new(Body::from_stream(broken));
    answer.headers_mut().insert("content-length", "1000".parse().unwrap());
    answer
}

fn kill(process: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
    assert!(killed.success());
}

/// moto tells services apart by what a signature is for, and checks none.
fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20261101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// SHA-256 as `sha256sum` writes it.
fn hex(content: &str) -> String {
    format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(content)))
}

/// An environment of its own, with a distribution.
struct World {
    moto: Moto,
    network: Network,
    folder: tempfile::TempDir,
    name: String,
}

impl World {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let completion = Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/aws/cloudformation.py");
        let moto = tokio::task::spawn_blocking(move || Moto::start_completed(&completion)).await.unwrap();
        let network = Network::before(&moto).await;
        let folder = tempfile::tempdir().unwrap();
        let world = Self { moto, network, folder, name: "one".to_owned() };
        world.create_environment().await;
        world
    }

    async fn create_environment(&self) {
        let name = self.name.as_str();
        let infra = self.folder.path().join("infra");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/aws");
        let templates = ["dns", "data", "services", "edge"].map(|layer| format!("templates/{layer}.yaml"));
        for file in templates.iter().map(String::as_str).chain(["parameters/layers.yaml"]) {
            std::fs::create_dir_all(infra.join(file).parent().unwrap()).unwrap();
            std::fs::copy(fixture.join(file), infra.join(file)).unwrap();
        }
        let distribution = self.create_distribution().await;
        let parameters = format!(
            "layers: environment\naccount: \"123456789012\"\nregion: us-east-1\nparameters:\n  Environment: {name}\n  Distribution: \
             {distribution}\n"
        );
        std::fs::write(infra.join(format!("parameters/{name}.yaml")), parameters).unwrap();
        self.network.now(Weather::Fine);
        self.succeeds(&["deploy", name, "dns"]).await;
    }

    async fn create_distribution(&self) -> String {
        let config = format!(
            "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><CallerReference>{}</CallerReference>\
             <Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id><DomainName>static.s3.us-east-1.amazonaws.com</DomainName><S3OriginConfig>\
             <OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin></Items></Origins><DefaultCacheBehavior>\
             <TargetOriginId>o</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></DefaultCacheBehavior>\
             <Comment></Comment><Enabled>true</Enabled></DistributionConfig>",
            self.name
        );
        let url = format!("{}/2020-05-31/distribution", self.moto.endpoint());
        let client = &self.network.state.client;
        let created =
            client.post(url).header("authorization", signed("cloudfront")).body(config).send().await.unwrap();
        let created = created.text().await.unwrap();
        created
            .split("<Id>")
            .nth(1)
            .unwrap_or_else(|| panic!("{created}"))
            .split('<')
            .next()
            .unwrap()
            .to_owned()
    }

    /// Builds a release whose pages have these texts.
    fn build(&self, version: &str, pages: &[(&str, &str)]) -> PathBuf {
        let folder = self.folder.path().join(format!("built-{version}"));
        let pages: serde_json::Map<String, Value> =
            pages.iter().map(|(path, html)| ((*path).to_owned(), Value::from(*html))).collect();
        let mut files = vec![
            (format!("site/pkg/faxdroid.{version}aaaaaaa.js"), format!("script {version}")),
            (format!("site/pkg/faxdroid.{version}bbbbbbb.wasm"), format!("module {version}")),
            ("site/pkg/faxdroid.ccccccccc.css".to_owned(), "the same style".to_owned()),
            ("site/favicon.svg".to_owned(), "<svg/>".to_owned()),
            (
                "fallback/index.html".to_owned(),
                format!("<script src=\"/fallback/{version}aaaaaaa/fallback.js\"></script>"),
            ),
            (format!("fallback/{version}aaaaaaa/fallback.js"), format!("fallback {version}")),
            ("edge.zip".to_owned(), format!("package {version}")),
            ("pages.json".to_owned(), Value::Object(pages).to_string()),
        ];
        files.extend(
            (0..10).map(|n| (format!("site/pkg/part.{version}{n}aaaaaaa.js"), format!("part {n} {version}"))),
        );
        for (name, body) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, body).unwrap();
        }
        folder
    }

    /// The same with what servers and Lambda run: what `script/package` makes.
    fn package(&self, version: &str, pages: &[(&str, &str)]) -> PathBuf {
        let folder = self.build(version, pages);
        let (server, poller) = (format!("server {version}"), format!("poller {version}"));
        let parameters = format!(
            "Release={version}\nServerPackageSha256={}\nPollerPackageSha256={}\n",
            hex(&server),
            BASE64_STANDARD.encode(Sha256::digest(&poller))
        );
        for (name, body) in [("server.tar.gz", server), ("poller.zip", poller), ("parameters", parameters)] {
            std::fs::write(folder.join(name), body).unwrap();
        }
        folder
    }

    /// Has a build deployed and checked.
    async fn deliver(&self, packages: &Path, check: &str) -> Output {
        let packages = packages.display().to_string();
        self.run(&["deploy", &self.name, "--packages", &packages, "--check", check]).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faxdroid"));
        command
            .arg("--infra")
            .arg(self.folder.path().join("infra"))
            .arg("--as-myself")
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &self.network.address)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    async fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    fn release_arguments(&self, version: &str) -> Vec<String> {
        let built = self.folder.path().join(format!("built-{version}"));
        let at = |name: &str| built.join(name).display().to_string();
        let mut arguments = vec!["release".to_owned(), self.name.clone(), version.to_owned()];
        for (option, file) in [
            ("--site", "site"),
            ("--fallback", "fallback"),
            ("--package", "edge.zip"),
            ("--pages", "pages.json"),
        ] {
            arguments.extend([option.to_owned(), at(file)]);
        }
        arguments
    }

    async fn release(&self, version: &str) -> String {
        let arguments = self.release_arguments(version);
        self.succeeds(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    async fn object(&self, bucket: &str, key: &str) -> Option<(HeaderMap, Bytes)> {
        let url = format!("{}/faxdroid-{}-{bucket}/{key}", self.moto.endpoint(), self.name);
        let signed = self.network.state.client.get(url).header("authorization", signed("s3"));
        let answer = signed.send().await.unwrap();
        if !answer.status().is_success() {
            return None;
        }
        Some((answer.headers().clone(), answer.bytes().await.unwrap()))
    }

    /// How many contents of files that keep their names are kept.
    async fn entries(&self) -> usize {
        let bucket = format!("{}/faxdroid-{}-packages", self.moto.endpoint(), self.name);
        let listed = self.network.state.client.get(format!("{bucket}?list-type=2&prefix=entries/"));
        let listed = listed.header("authorization", signed("s3")).send().await.unwrap().text().await.unwrap();
        listed.matches("<Key>").count()
    }

    /// The release that the function runs, as its description says.
    async fn rendered(&self) -> String {
        let url = format!("{}/2015-03-31/functions/faxdroid-{}-renderer", self.moto.endpoint(), self.name);
        let answer = self
            .network
            .state
            .client
            .get(url)
            .header("authorization", signed("lambda"))
            .send()
            .await
            .unwrap();
        let function: Value = answer.json().await.unwrap();
        function["Configuration"]["Description"].as_str().unwrap_or_else(|| panic!("{function}")).to_owned()
    }

    /// Whoever is served a page of the running release, or the shell, finds every file that it names.
    async fn is_whole(&self) {
        let version = self.rendered().await;
        for file in
            [format!("pkg/faxdroid.{version}aaaaaaa.js"), format!("pkg/faxdroid.{version}bbbbbbb.wasm")]
        {
            assert!(self.object("static", &file).await.is_some(), "{file}");
        }
        let (_, shell) = self.object("static", "fallback/index.html").await.expect("there is a shell");
        let shell = String::from_utf8_lossy(&shell).into_owned();
        let script = shell.split('"').nth(1).unwrap().trim_start_matches('/');
        assert!(self.object("static", script).await.is_some(), "{script}");
    }
}

const FIRST: [(&str, &str); 3] = [("/", "home 1"), ("/faq", "faq"), ("/pricing", "pricing")];
const SECOND: [(&str, &str); 3] = [("/", "home 2"), ("/faq", "faq"), ("/pricing", "pricing")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_uploads_what_is_new_and_lets_the_caches_forget_what_changed() {
    let world = World::start().await;
    world.build("1", &FIRST);
    world.build("2", &SECOND);
    let said = world.release("1").await;
    assert!(said.contains("16 files uploaded, 0 were there"), "{said}");
    assert_eq!(world.network.invalidated(), Vec::<String>::new(), "nothing was served before");

    let arguments = world.release_arguments("2");
    let mut dry: Vec<&str> = arguments.iter().map(String::as_str).collect();
    dry.push("--dry-run");
    let planned = world.succeeds(&dry).await;
    assert!(
        planned.contains("upload pkg/faxdroid.2aaaaaaa.js") && planned.contains("invalidate /?*"),
        "{planned}"
    );
    assert!(!planned.contains("ccccccccc.css") && !planned.contains("favicon"), "{planned}");
    assert_eq!(world.rendered().await, "1", "a plan changes nothing");
    assert!(world.object("static", "pkg/faxdroid.2aaaaaaa.js").await.is_none());

    let said = world.release("2").await;
    assert!(said.contains("14 files uploaded, 2 were there"), "{said}");
    assert_eq!(world.network.invalidated(), ["/", "/?*", "/fallback/index.html"]);
    let (headers, _) = world.object("static", "pkg/faxdroid.2bbbbbbb.wasm").await.unwrap();
    assert_eq!(headers["content-encoding"], "br");
    assert_eq!(headers["content-type"], "application/wasm");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    let (headers, _) = world.object("static", "fallback/index.html").await.unwrap();
    assert_eq!(headers["cache-control"], "no-cache");
    world.is_whole().await;

    // The same again does nothing; another content under this name is refused.
    world.network.now(Weather::Fine);
    world.release("2").await;
    assert_eq!(world.network.invalidated(), Vec::<String>::new());
    world.build("2", &FIRST);
    let arguments = world.release_arguments("2");
    let refused = world.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(String::from_utf8_lossy(&refused.stderr).contains("already, of other files"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_is_rolled_back_and_listed_and_what_nobody_needs_is_deleted() {
    let world = World::start().await;
    world.build("1", &FIRST);
    world.build("2", &SECOND);
    world.release("1").await;
    world.release("2").await;
    world.network.now(Weather::Fine);
    world.succeeds(&["rollback", &world.name]).await;
    assert_eq!(world.rendered().await, "1");
    assert_eq!(world.network.invalidated(), ["/", "/?*", "/fallback/index.html"]);
    world.is_whole().await;
    world.network.now(Weather::Fine);
    world.succeeds(&["rollback", &world.name, "2"]).await;
    assert_eq!(
        world.network.invalidated(),
        ["/", "/?*", "/fallback/index.html"],
        "there again is not the same invalidation"
    );
    let listed = world.succeeds(&["releases", &world.name]).await;
    assert!(listed.lines().any(|line| line.starts_with("2 ") && line.ends_with("served")), "{listed}");
    assert!(listed.lines().any(|line| line.starts_with("1 ") && line.ends_with("before")), "{listed}");

    world.build("3", &FIRST);
    world.release("3").await;
    // Releases are seconds old: of those that are older than no time all but the served one and the one before go.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let pruned = world.succeeds(&["prune", &world.name, "--older-than", "0", "--dry-run"]).await;
    assert!(pruned.contains("release 1") && pruned.contains("file pkg/faxdroid.1aaaaaaa.js"), "{pruned}");
    assert!(world.object("static", "pkg/faxdroid.1aaaaaaa.js").await.is_some());
    world.succeeds(&["prune", &world.name, "--older-than", "0"]).await;
    assert!(world.object("static", "pkg/faxdroid.1aaaaaaa.js").await.is_none());
    assert_eq!(world.entries().await, 3, "the picture that all have, and two shells");
    assert!(world.object("static", "pkg/faxdroid.2aaaaaaa.js").await.is_some());
    assert!(world.object("static", "pkg/faxdroid.ccccccccc.css").await.is_some());
    world.is_whole().await;
    assert!(!world.succeeds(&["releases", &world.name]).await.contains("1 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_comes_with_servers_poller_and_site_or_not_at_all() {
    let world = World::start().await;
    let (first, second) = (world.package("1", &FIRST), world.package("2", &SECOND));
    let came = world.deliver(&first, "true").await;
    assert!(came.status.success(), "{}", String::from_utf8_lossy(&came.stderr));
    let runs = async |release: &str| {
        let said = world.succeeds(&["status", &world.name]).await;
        assert!(said.contains(&format!("Runs = {release}\n")), "{said}");
        assert_eq!(world.rendered().await, release);
        let listed = world.succeeds(&["releases", &world.name]).await;
        assert!(
            listed.lines().any(|line| line.starts_with(&format!("{release} ")) && line.ends_with("served"))
        );
        world.is_whole().await;
    };
    runs("1").await;
    let (_, server) = world.object("artifacts", "server/1/server.tar.gz").await.unwrap();
    assert_eq!(server, "server 1");
    assert!(world.object("artifacts", "poller/1/poller.zip").await.is_some());

    // What is checked is the new one; what is left is the old one, and the caches forget that there was another.
    world.network.now(Weather::Fine);
    let faulty = world.deliver(&second, "echo it does not work; false").await;
    let said = String::from_utf8_lossy(&faulty.stderr).into_owned();
    assert!(!faulty.status.success() && said.contains("as it was before"), "{said}");
    let went = String::from_utf8_lossy(&faulty.stdout).into_owned();
    let place = |text: &str| went.find(text).unwrap_or_else(|| panic!("{text} is not in {went}"));
    assert!(
        place("2 is served") < place("it does not work") && place("it does not work") < place("1 is served")
    );
    runs("1").await;
    assert_eq!(world.network.invalidated().iter().filter(|path| *path == "/").count(), 2);

    assert!(world.deliver(&second, "true").await.status.success());
    runs("2").await;

    // A name is given once.
    let other = world.package("2", &SECOND);
    let parameters = std::fs::read_to_string(other.join("parameters")).unwrap();
    std::fs::write(other.join("server.tar.gz"), "another server").unwrap();
    let parameters = parameters.replace(&hex("server 2"), &hex("another server"));
    std::fs::write(other.join("parameters"), parameters).unwrap();
    let refused = world.deliver(&other, "true").await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("server/2/server.tar.gz is there already"), "{said}");
    runs("2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_failures_and_lost_answers_are_borne() {
    let world = World::start().await;
    world.build("1", &FIRST);
    world.build("2", &SECOND);
    world.network.now(Weather::Stormy);
    world.release("1").await;
    world.is_whole().await;
    world.release("2").await;
    assert_eq!(world.rendered().await, "2");
    world.is_whole().await;
    let invalidated: BTreeSet<_> = world.network.invalidated().into_iter().collect();
    assert_eq!(invalidated.into_iter().collect::<Vec<_>>(), ["/", "/?*", "/fallback/index.html"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_releases_at_once_are_refused() {
    let world = World::start().await;
    world.build("1", &FIRST);
    world.release("1").await;
    // Held by a living process of this host: this test.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let started = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().to_owned();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned();
    let lock = serde_json::json!({
        "doing": "release 7", "host": host, "process": std::process::id(), "started": started, "renewed": 0,
    });
    let url = format!("{}/faxdroid-{}-packages/lock.json", world.moto.endpoint(), world.name);
    let client = &world.network.state.client;
    client.put(&url).header("authorization", signed("s3")).body(lock.to_string()).send().await.unwrap();
    let refused = world.run(&["rollback", &world.name]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("somebody else is at it: release 7"), "{said}");
    assert!(world.object("packages", "lock.json").await.is_some(), "another's lock stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_step_and_run_again_it_is_whole_all_the_time() {
    const KILLS: usize = 6;
    let world = World::start().await;
    world.build("1", &FIRST);
    world.release("1").await;
    world.build("2", &SECOND);
    world.network.now(Weather::Fine);
    world.release("2").await;
    // How many requests it is in all: it is killed at places from the first to the last of them.
    let length = world.network.state.requests.load(Ordering::SeqCst);
    for kill in 0..KILLS {
        let (version, at) = ((3 + kill).to_string(), 1 + kill * (length - 1) / (KILLS - 1));
        world.build(&version, &[("/", &format!("home {version}")), ("/faq", "faq"), ("/pricing", "pricing")]);
        let arguments = world.release_arguments(&version);
        let mut release = world.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let mut release = release.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let process = release.id().unwrap();
        world.network.now(Weather::Deadly { process, at, arrives: kill % 2 == 0 });
        let ended = release.wait().await.unwrap();
        assert!(!ended.success() || kill == KILLS - 1, "it was killed at request {at} of {length}");
        world.is_whole().await;
        let mut invalidated: BTreeSet<String> = world.network.invalidated().into_iter().collect();
        world.network.now(Weather::Fine);
        world.release(&version).await;
        assert_eq!(world.rendered().await, version, "killed at {at}");
        world.is_whole().await;
        invalidated.extend(world.network.invalidated());
        for path in ["/", "/?*", "/fallback/index.html"] {
            assert!(invalidated.contains(path), "{path}, killed at {at}: {invalidated:?}");
        }
        assert!(world.object("packages", "lock.json").await.is_none(), "killed at {at}");
    }
}
