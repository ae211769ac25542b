//! Two servers, what they stand on, and the bad network between.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use faxdroid_poller::{Poller, Settings};
use faxdroid_server::store::{ConnectionTrait, Store};
use faxdroid_testbed::{Database, Faults, FaultyProxy, LoadBalancer, Moto, Redis, free_port};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::customer::Customer;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    pub(crate) public: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) process: Option<Child>,
}

pub(crate) struct Installation {
    pub(crate) database: Option<Database>,
    pub(crate) redis: Option<Redis>,
    pub(crate) database_network: FaultyProxy,
    pub(crate) locks_network: FaultyProxy,
    pub(crate) queues_network: FaultyProxy,
    pub(crate) servers: Vec<Server>,
    pub(crate) sqs: Client,
    pub(crate) queues: [String; 2],
    public: LoadBalancer,
    poller: JoinHandle<()>,
    folder: TempDir,
    /// Settings of this installation alone.
    own: Vec<(&'static str, String)>,
    pub(crate) moto: Moto,
    internal: LoadBalancer,
}

impl Installation {
    pub(crate) async fn start() -> Self {
        Self::with(async |_| Vec::new()).await
    }

    /// With settings of its own, which may speak of its database.
    pub(crate) async fn with(own: impl AsyncFnOnce(&Database) -> Vec<(&'static str, String)>) -> Self {
        let (database, redis, moto) =
            tokio::task::spawn_blocking(|| (Database::start(), Redis::start(), Moto::start())).await.unwrap();
        let admin = Store::open_mysql(&database.admin_url().parse().unwrap(), None, 1).unwrap();
        admin.connection().execute_unprepared("CREATE DATABASE test").await.unwrap();
        let own = own(&database).await;
        let database_network = FaultyProxy::start(database.address()).await.unwrap();
        let locks_network = FaultyProxy::start(redis.address()).await.unwrap();
        let queues_network = FaultyProxy::start(moto.address()).await.unwrap();
        let aws = aws_config::defaults(BehaviorVersion::v2026_01_12()).endpoint_url(moto.endpoint());
        let http = aws_smithy_http_client::Builder::new().build_http();
        let sqs = Client::new(&aws.http_client(http).load().await);
        let mut queues = [String::new(), String::new()];
        for (queue, name) in queues.iter_mut().zip(["retries", "refunds"]) {
            let created = sqs.create_queue().queue_name(name).send().await.unwrap();
            *queue = created.queue_url().unwrap().to_owned();
        }
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let server = || Server { public: local(free_port()), internal: local(free_port()), process: None };
        let servers = vec![server(), server()];
        let public = servers.iter().map(|server| server.public).collect();
        let public = LoadBalancer::start(public, "/api/v1/health").await.unwrap();
        let internal = servers.iter().map(|server| server.internal).collect();
        let internal = LoadBalancer::start(internal, "/internal/v1/health").await.unwrap();
        let settings = Settings {
            retries_queue_url: queues[0].clone(),
            refunds_queue_url: queues[1].clone(),
            internal_url: format!("http://{}", internal.address()).parse().unwrap(),
        };
        let poller = Poller::with(sqs.clone(), settings).unwrap();
        let poller = tokio::spawn(async move {
            loop {
                poller.run(Instant::now() + Duration::from_secs(30)).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        let mut installation = Self {
            database: Some(database),
            redis: Some(redis),
            database_network,
            locks_network,
            queues_network,
            servers,
            sqs,
            queues,
            public,
            poller,
            folder: tempfile::tempdir().unwrap(),
            own,
            moto,
            internal,
        };
        for server in 0..installation.servers.len() {
            installation.start_server(server).await;
        }
        let balancers = async {
            tokio::join!(installation.public.until_healthy(), installation.internal.until_healthy())
        };
        tokio::time::timeout(PATIENCE, balancers).await.expect("every server is healthy");
        installation
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.public.address()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Past the bad network.
    pub(crate) fn store(&self) -> Store {
        let database = self.database.as_ref().expect("it was mended");
        Store::open_mysql(&database.url("test").parse().unwrap(), None, 2).unwrap()
    }

    /// As the program reads them from its environment; the later of two counts.
    pub(crate) fn settings(&self, server: usize) -> Vec<(&'static str, String)> {
        let Server { public, internal, .. } = &self.servers[server];
        let mut settings = vec![
            ("FAXDROID_LISTEN", public.to_string()),
            ("FAXDROID_INTERNAL_LISTEN", internal.to_string()),
            ("FAXDROID_DATA_DIR", self.data().display().to_string()),
            ("FAXDROID_SITE__SERVE", "false".to_owned()),
            (
                "FAXDROID_DATABASE__URL",
                format!("mysql://faxdroid:faxdroid@{}/test", self.database_network.address()),
            ),
            ("FAXDROID_LOCKS__URL", format!("redis://{}", self.locks_network.address())),
            ("FAXDROID_QUEUES__KIND", "sqs".to_owned()),
            ("FAXDROID_QUEUES__ENDPOINT", format!("http://{}", self.queues_network.address())),
            ("FAXDROID_QUEUES__RETRIES_URL", self.queues[0].clone()),
            ("FAXDROID_QUEUES__REFUNDS_URL", self.queues[1].clone()),
            ("FAXDROID_LINE__TIME_SCALE", "0.002".to_owned()),
            ("FAXDROID_WORKERS__POLL", "100ms".to_owned()),
            ("FAXDROID_WORKERS__SWEEP", "500ms".to_owned()),
            ("FAXDROID_WORKERS__LEASE", "3s".to_owned()),
            ("FAXDROID_WORKERS__LOST_AFTER", "8s".to_owned()),
            ("FAXDROID_WORKERS__DRAIN", "10s".to_owned()),
            ("FAXDROID_WORKERS__NOTICE", "3s".to_owned()),
            ("FAXDROID_ACCOUNTS__PASSWORD__MEMORY_KIB", "64".to_owned()),
            ("FAXDROID_ACCOUNTS__PASSWORD__ITERATIONS", "1".to_owned()),
        ];
        settings.extend(self.own.iter().cloned());
        settings
    }

    pub(crate) async fn start_server(&mut self, server: usize) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log(server)).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_faxdroid-server"))
            .envs(self.settings(server))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.servers[server].process = Some(child);
        let internal = self.servers[server].internal;
        let begin = Instant::now();
        while tokio::net::TcpStream::connect(internal).await.is_err() {
            let alive = matches!(self.servers[server].process.as_mut().unwrap().try_wait(), Ok(None));
            assert!(
                alive && begin.elapsed() < PATIENCE,
                "a server does not start: {}",
                self.last_words(server)
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a server has logged so far.
    pub(crate) fn logged(&self, server: usize) -> String {
        std::fs::read_to_string(self.log(server)).unwrap()
    }

    fn log(&self, server: usize) -> PathBuf {
        self.folder.path().join(format!("server{server}.log"))
    }

    fn last_words(&self, server: usize) -> String {
        let log = std::fs::read_to_string(self.log(server)).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Without a word, as a machine that fails.
    pub(crate) async fn kill_server(&mut self, server: usize) {
        if let Some(mut process) = self.servers[server].process.take() {
            process.kill().await.unwrap();
        }
    }

    /// As systemd ends it.
    pub(crate) async fn stop_server(&mut self, server: usize) -> ExitStatus {
        self.ask_to_end(server).await;
        self.ended(server).await
    }

    pub(crate) async fn ask_to_end(&self, server: usize) {
        let process = self.servers[server].process.as_ref().expect("it runs");
        let pid = process.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        assert!(sent.success());
    }

    pub(crate) async fn ended(&mut self, server: usize) -> ExitStatus {
        let mut process = self.servers[server].process.take().expect("it runs");
        tokio::time::timeout(PATIENCE, process.wait()).await.expect("within the drain limit").unwrap()
    }

    /// Ends every trouble.
    pub(crate) async fn mend(&mut self) {
        for network in [&self.database_network, &self.locks_network, &self.queues_network] {
            network.set(Faults::None);
        }
        for server in 0..self.servers.len() {
            if self.servers[server].process.is_none() {
                self.start_server(server).await;
            }
        }
    }

    /// What no log may hold: secrets, and numbers in full.
    pub(crate) fn expect_logs_without_secrets(&self, customers: &[Customer]) {
        for server in 0..self.servers.len() {
            let log = self.logged(server);
            assert!(log.contains("fax_accepted") || log.contains("fax_changed"), "the log is one");
            let mut secrets =
                vec!["faxdroid:faxdroid@", "+1500555", crate::customer::PASSWORD, crate::customer::TEXT];
            secrets.extend(customers.iter().map(|customer| customer.session.as_str()));
            for secret in secrets {
                let found = log.lines().find(|line| line.contains(secret));
                assert_eq!(found, None, "a log line holds {secret}");
            }
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.poller.abort();
        if std::thread::panicking() {
            for server in 0..self.servers.len() {
                eprintln!("server {server}:\n{}", self.last_words(server));
            }
        }
    }
}
