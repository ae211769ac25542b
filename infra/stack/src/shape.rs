//! Everything together, in the order in which one part needs the other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use faxdroid_evaluator::{Environment, Resource, Stack};
use faxdroid_local::function::Function;
use faxdroid_local::listener::Listener;
use faxdroid_local::load_balancer::{Placed, haproxy};
use faxdroid_local::{EdgeLocation, Places, Surroundings};
use faxdroid_testbed::{Database, Process, Redis, free_port};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::Arguments;
use crate::aws::{Aws, CREDENTIALS, ENVIRONMENT, Operator};
use crate::minute::Minute;
use crate::renderer::Renderer;
use crate::servers::AppServer;
use crate::telephones::{self, Telephones};

/// Browsers look for names below `localhost` on their own machine (RFC 6761, 6.3).
const DOMAIN: &str = "faxdroid.localhost";
pub(crate) const SERVERS: u8 = 2;
/// Of the database and its user (`faxdroid_testbed::Database`).
const DATABASE: &str = "test";
/// CloudFront and the load balancer each append their caller.
const PROXIES: &str = "2";
const ORIGIN_SECRET: &str = "the secret of the origin";

/// All parts, ended when it is dropped.
pub(crate) struct Shape {
    pub(crate) edge: Arc<EdgeLocation>,
    pub(crate) listener: Listener,
    pub(crate) renderer: Arc<Renderer>,
    pub(crate) minute: Arc<Minute>,
    pub(crate) servers: Vec<AppServer>,
    pub(crate) telephones: Telephones,
    pub(crate) aws: Arc<Aws>,
    pub(crate) operator: Operator,
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    pub(crate) balancers: Balancers,
    pub(crate) certificate: PathBuf,
    pub(crate) server_program: PathBuf,
    pub(crate) http: reqwest::Client,
    _tasks: JoinSet<()>,
    _folder: TempDir,
}

/// HAProxy, with the listeners that the templates describe.
#[derive(Debug)]
pub(crate) struct Balancers {
    pub(crate) public: SocketAddr,
    pub(crate) private: SocketAddr,
    _process: Process,
}

impl Shape {
    pub(crate) async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("faxdroid-stack").tempdir()?;
        let programs = std::env::current_exe()?.parent().context("this program has a folder")?.to_owned();
        let server_program = arguments.target.join("release/faxdroid-server");
        let stacks = stacks(&arguments.infra)?;
        let mut tasks = JoinSet::new();

        say("database, locks and AWS's services");
        let services = tokio::task::spawn_blocking(|| (Database::start(), Redis::start()));
        let (services, aws) =
            tokio::join!(services, Aws::start(arguments.infra.join("local/aws/cloudformation.py")));
        let ((database, redis), aws) = (services?, Arc::new(aws?));
        create_database(&database).await?;

        say("telephone lines");
        let telephones = Telephones::start(&server_program, SERVERS, folder.path()).await?;

        let local = || SocketAddr::from(([127, 0, 0, 1], free_port()));
        let (public, private) = (local(), local());
        let renderer_timeout = resource(&stacks, "edge", "Renderer")?.properties["Timeout"].as_u64();
        let renderer = Arc::new(Renderer::new(
            aws.clone(),
            arguments.target.join("lambda-runtime"),
            Duration::from_secs(renderer_timeout.context("the renderer has no time limit")?),
        ));
        let edge = edge(arguments, &stacks, &aws, public, renderer.clone())?;
        let aws_listener = listen(arguments.aws_port).await?;
        let endpoint = format!("http://{}", aws_listener.local_addr()?);
        aws.serve(aws_listener, edge.clone(), &mut tasks);
        let operator = Operator::new(
            programs.join("faxdroid"),
            &arguments.infra.join("local/aws"),
            folder.path(),
            edge.distribution.name(),
            endpoint,
        )?;
        operator.run(&["deploy", ENVIRONMENT, "dns"]).await?;
        operator.run(&["deploy", ENVIRONMENT, "data"]).await?;

        say("application servers and load balancers");
        let mut servers = Vec::new();
        for number in 0..SERVERS {
            let mut settings = settings(arguments, &database, &redis, &aws, folder.path());
            settings.extend(telephones::settings(number, folder.path()));
            servers.push(AppServer::new(number.into(), &server_program, folder.path(), settings));
        }
        for server in &servers {
            server.start().await?;
        }
        let balancers = Balancers::start(&stacks, &servers, public, private, folder.path())?;

        say("first release of the site");
        release(arguments, &operator).await?;
        let listener = Listener::start(
            edge.clone(),
            listen(arguments.http_port).await?,
            listen(arguments.https_port).await?,
        )?;
        let certificate = folder.path().join("certificate.pem");
        std::fs::write(&certificate, &listener.certificate)?;

        let minute = Arc::new(Minute::new(
            resource(&stacks, "services", "EveryMinute")?,
            resource(&stacks, "services", "Poller")?,
            programs.join("faxdroid-poller"),
            &poller_variables(&aws, private),
        )?);
        minute.run_every_minute(&mut tasks);
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5));
        Ok(Self {
            edge,
            listener,
            renderer,
            minute,
            servers,
            telephones,
            aws,
            operator,
            database,
            redis,
            balancers,
            certificate,
            server_program,
            http: http.build()?,
            _tasks: tasks,
            _folder: folder,
        })
    }

    /// Where customers go.
    pub(crate) fn site(&self) -> String {
        format!("https://www.{DOMAIN}:{}", self.listener.https.port())
    }

    /// By the operator's command: faxes to `number` arrive in the inbox of `email`.
    pub(crate) async fn assign_number(&self, number: &str, email: &str) -> anyhow::Result<()> {
        let mut command = Command::new(&self.server_program);
        command.args(["assign-number", number, email]).envs(self.servers[0].settings()).kill_on_drop(true);
        let ended = command.output().await?;
        anyhow::ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        Ok(())
    }

    /// Lets the servers end what they are at.
    pub(crate) async fn end(&self) {
        let ended = futures::future::join_all(self.servers.iter().map(AppServer::end)).await;
        for error in ended.into_iter().filter_map(Result::err) {
            tracing::warn!(error = format!("{error:#}"), "server_did_not_end");
        }
    }
}

fn say(what: &str) {
    println!("· {what}");
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    listener
        .with_context(|| format!("port {port} is taken: end what listens there, or choose another (--help)"))
}

/// QA's templates, for this machine's domain; what packages are is nobody's question here.
fn stacks(infra: &Path) -> anyhow::Result<Vec<Stack>> {
    let base64 = format!("{}=", "A".repeat(43));
    let given: BTreeMap<String, String> = [
        ("DomainName", DOMAIN),
        ("Release", "0"),
        ("ServerPackageSha256", &"0".repeat(64)),
        ("PollerPackageSha256", &base64),
        ("EdgePackageSha256", &base64),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    Ok(Environment::read(infra, "qa", &given)?.evaluate()?)
}

fn resource<'a>(stacks: &'a [Stack], stack: &str, name: &str) -> anyhow::Result<&'a Resource> {
    let found = stacks.iter().find(|one| one.name == stack).and_then(|one| one.resources.get(name));
    found.with_context(|| format!("the templates have no {stack}.{name}"))
}

async fn create_database(database: &Database) -> anyhow::Result<()> {
    let url = database.admin_url();
    let address: SocketAddr = database.address();
    // The client comes with the server's Debian package.
    let mut command = Command::new("mariadb");
    command.args(["--protocol=tcp", "--host=127.0.0.1", "--user=admin", "--password=admin"]);
    command.arg(format!("--port={}", address.port())).arg(format!("--execute=CREATE DATABASE {DATABASE}"));
    let ended = command.output().await.context("mariadb")?;
    anyhow::ensure!(ended.status.success(), "{url}: {}", String::from_utf8_lossy(&ended.stderr));
    Ok(())
}

fn edge(
    arguments: &Arguments,
    stacks: &[Stack],
    aws: &Aws,
    api: SocketAddr,
    renderer: Arc<Renderer>,
) -> anyhow::Result<Arc<EdgeLocation>> {
    let edge = stacks.iter().find(|stack| stack.name == "edge").context("there is an edge stack")?;
    let origin = edge.parameters["OriginHost"].as_str().context("the servers have a name")?;
    let bucket = format!("faxdroid-{ENVIRONMENT}-static");
    let with = Surroundings {
        places: Places::default()
            .bucket("<edge.StaticBucket.RegionalDomainName>", aws.moto().address(), &bucket)
            .server(origin, api)
            .secret("{{resolve:secretsmanager:faxdroid/qa/origin-odd-1:SecretString:value}}", ORIGIN_SECRET),
        functions: [("edge.RendererVersion".to_owned(), renderer as Arc<dyn Function>)].into(),
        port: Some(arguments.https_port),
        ..Surroundings::default()
    };
    Ok(EdgeLocation::new(stacks, &arguments.infra.join("local/managed"), with)?)
}

/// As on an instance, with what plays each service here.
fn settings(
    arguments: &Arguments,
    database: &Database,
    redis: &Redis,
    aws: &Aws,
    folder: &Path,
) -> Vec<(String, String)> {
    let moto = aws.moto().endpoint();
    let mut settings = vec![
        ("PUBLIC_URL", format!("https://www.{DOMAIN}:{}", arguments.https_port)),
        ("TRUSTED_PROXIES", PROXIES.to_owned()),
        // Mails, which nobody sends from here, are listed for both servers together.
        ("DATA_DIR", folder.join("data").display().to_string()),
        ("SITE__SERVE", "false".to_owned()),
        ("DATABASE__URL", database.url(DATABASE)),
        ("LOCKS__URL", redis.url()),
        ("QUEUES__KIND", "sqs".to_owned()),
        ("QUEUES__ENDPOINT", moto.clone()),
        ("BUCKET__NAME", format!("faxdroid-{ENVIRONMENT}-documents")),
        ("BUCKET__ENDPOINT", moto),
        // A minute's lesson in what takes an hour.
        ("RETRY__DELAYS", r#"["10s","20s","30s","40s"]"#.to_owned()),
        ("LOG", "warn".to_owned()),
    ];
    for (setting, queue) in [
        ("QUEUES__RETRIES_URL", "retries"),
        ("QUEUES__REFUNDS_URL", "refunds"),
        ("QUEUES__RETRIES_DEAD_LETTERS_URL", "retries-dead-letters"),
        ("QUEUES__REFUNDS_DEAD_LETTERS_URL", "refunds-dead-letters"),
    ] {
        settings.push((setting, aws.queue_url(queue)));
    }
    let settings = settings.into_iter().map(|(name, value)| (format!("FAXDROID_{name}"), value));
    settings.chain(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// Variables of the template's function, and what only a stand-in for AWS needs.
fn poller_variables(aws: &Aws, private: SocketAddr) -> Vec<(&'static str, String)> {
    let credentials = CREDENTIALS.map(|(name, value)| (name, value.to_owned()));
    let mut variables = vec![
        ("FAXDROID_INTERNAL_URL", format!("http://{private}")),
        ("FAXDROID_RETRIES_URL", aws.queue_url("retries")),
        ("FAXDROID_REFUNDS_URL", aws.queue_url("refunds")),
        ("AWS_ENDPOINT_URL", aws.moto().endpoint()),
    ];
    variables.extend(credentials);
    variables
}

async fn release(arguments: &Arguments, operator: &Operator) -> anyhow::Result<()> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (target, site) = (arguments.target.display().to_string(), arguments.site.display().to_string());
    let id = format!("first-{seconds}");
    operator.run(&["release", ENVIRONMENT, &id, "--target", &target, "--site", &site]).await
}

impl Balancers {
    fn start(
        stacks: &[Stack],
        servers: &[AppServer],
        public: SocketAddr,
        private: SocketAddr,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let placed = |listener: &str, at, targets: fn(&AppServer) -> SocketAddr| Placed {
            listener: listener.to_owned(),
            at,
            targets: servers.iter().map(targets).collect(),
        };
        let placed = [
            placed("services.PublicListener", public, |server| server.public),
            placed("services.PrivateListener", private, |server| server.internal),
        ];
        let secrets = ["Odd", "Even"].map(|word| {
            let reference =
                format!("{{{{resolve:secretsmanager:<data.OriginSecret{word}>:SecretString:value}}}}");
            (reference, ORIGIN_SECRET.to_owned())
        });
        let folder = folder.join("balancers");
        std::fs::create_dir_all(&folder)?;
        let configuration = folder.join("haproxy.cfg");
        std::fs::write(&configuration, haproxy(stacks, &placed, &secrets.into())?)?;
        let configuration = configuration.display().to_string();
        let process = Process::start(&folder, &["/usr/sbin/haproxy", "-db", "-f", &configuration]);
        Ok(Self { public, private, _process: process })
    }
}
