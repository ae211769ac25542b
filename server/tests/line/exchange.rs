//! Two real Asterisk servers on addresses of loopback of their own: ours, and a carrier with the telephones behind it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use faxdroid_ami::{Action, Ami, Link, Settings};
use faxdroid_server::config::{self, Config};
use faxdroid_server::line::asterisk::configuration;
use faxdroid_testbed::Asterisk;
use tempfile::TempDir;
use tokio::task::JoinSet;

pub(crate) const SECRET: &str = "of this test";

/// Both servers; they are stopped and their files are gone when it is dropped.
pub(crate) struct Exchange {
    pub(crate) settings: config::Asterisk,
    ours: Asterisk,
    carriers: config::Asterisk,
    carrier: Option<Asterisk>,
    folder: TempDir,
}

impl Exchange {
    /// Started, and ready for calls.
    pub(crate) fn start() -> Self {
        let mut exchange = Self::without_carrier();
        let folder = &exchange.folder;
        let carriers = exchange.carriers.clone();
        let etc = folder.path().join("carrier-etc");
        configuration::write(&carriers, &etc).unwrap();
        let received = folder.path().join("received");
        std::fs::create_dir(&received).unwrap();
        std::fs::write(etc.join("extensions.conf"), faxdroid_testbed::telephones(&received)).unwrap();
        exchange.carrier = Some(Asterisk::start(&etc));
        exchange
    }

    /// Our server alone; nobody is at the carrier's address.
    pub(crate) fn without_carrier() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [ours, carrier] = addresses();
        let carriers = settings(&folder.path().join("carrier"), carrier, ours);
        let mut settings = settings(&folder.path().join("ours"), ours, carrier);
        settings.ami_tls = Some(encryption(folder.path(), ours));
        let etc = folder.path().join("ours-etc");
        configuration::write(&settings, &etc).unwrap();
        let ours = Asterisk::start(&etc);
        Self { settings, folder, ours, carriers, carrier: None }
    }

    /// What the machine with this number has received, oldest first.
    pub(crate) fn received(&self, number: &str) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path().join("received"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(number))
            .collect();
        files.sort();
        files
    }

    /// Calls that our Asterisk knows of.
    pub(crate) async fn channels(&self) -> usize {
        let manager = Manager::log_in(&self.settings).await;
        manager.ami.list(Action::new("CoreShowChannels")).await.unwrap().len()
    }

    /// A fax machine behind the carrier calls `number`. Answers how the call ended.
    pub(crate) async fn call_us(&self, number: &str, machine: &Machine) -> Ended {
        let manager = Manager::log_in(&self.carriers).await;
        let mut events = manager.ami.all_events();
        let id = format!("call-{}", NEXT_CALL.fetch_add(1, Ordering::Relaxed));
        let (exten, file) = match machine {
            Machine::Sends(file) => ("send", file.display().to_string()),
            Machine::SaysNothing => ("silent", String::new()),
        };
        let fields = [
            ("Channel", format!("PJSIP/{number}@trunk")),
            ("ChannelId", id.clone()),
            ("Context", "fax-to-us".to_owned()),
            ("Exten", exten.to_owned()),
            ("Priority", "1".to_owned()),
            ("Async", "true".to_owned()),
            ("CallerID", "+12025550100".to_owned()),
            ("Variable", format!("FAXFILE={file}")),
            ("Variable", "FAXSTATION=+1 202 555 0100".to_owned()),
        ];
        let call = fields
            .into_iter()
            .fold(Action::new("Originate"), |call, (name, value)| call.field(name, value).unwrap());
        manager.ami.send(call).await.unwrap();
        let mut answered = false;
        loop {
            let event = events.recv().await.unwrap();
            if event.get("Uniqueid") != Some(id.as_str()) {
                continue;
            }
            answered |= event.get("ChannelStateDesc") == Some("Up");
            if event.event() == Some("Hangup") {
                return Ended { answered, cause: event.get("Cause").and_then(|cause| cause.parse().ok()) };
            }
        }
    }

    /// Of the processor, that our Asterisk has taken since it began.
    #[allow(dead_code, reason = "the bench asks")]
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(self.ours.process().expect("it runs"))
    }

    /// Kills our Asterisk, as a crash would.
    pub(crate) fn kill_ours(&mut self) {
        self.ours.kill();
    }

    /// Starts it again, as whatever looks after it would.
    pub(crate) fn start_ours(&mut self) {
        self.ours.restart();
    }
}

static NEXT_CALL: AtomicU16 = AtomicU16::new(0);

/// What calls us.
pub(crate) enum Machine {
    /// A fax machine with a document (TIFF).
    Sends(PathBuf),
    /// Somebody who hangs up after three seconds.
    SaysNothing,
}

/// How a call to us ended for who called.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) answered: bool,
    /// ITU-T Q.850.
    pub(crate) cause: Option<u32>,
}

/// Of a process, user and system together (proc(5)).
#[allow(dead_code, reason = "the bench asks")]
pub(crate) fn processor_time(process: u32) -> Duration {
    /// Of every Linux that this runs on (sysconf(3), `_SC_CLK_TCK`).
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name of the program stands in parentheses and may have spaces.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}

/// A connection to the manager of one of both, as long as it is held.
pub(crate) struct Manager {
    pub(crate) ami: Ami,
    _connection: JoinSet<()>,
}

impl Manager {
    pub(crate) async fn log_in(settings: &config::Asterisk) -> Self {
        let account = configuration::AMI_USERNAME;
        let (ami, task) = Ami::new(Settings::new(settings.ami.to_string(), account, SECRET));
        let mut connection = JoinSet::new();
        connection.spawn(task.run());
        ami.link().wait_for(|link| matches!(link, Link::Up(_))).await.unwrap();
        Self { ami, _connection: connection }
    }
}

/// Two addresses that no other test uses: from this process and a counter.
fn addresses() -> [IpAddr; 2] {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = u16::try_from(std::process::id() % 0xfffe).unwrap().to_be_bytes();
    let pair = u8::try_from(NEXT.fetch_add(2, Ordering::Relaxed) % 120).unwrap();
    [1, 2].map(|host| IpAddr::V4(Ipv4Addr::new(127, 64 + high / 2, low, 2 * pair + host)))
}

fn settings(home: &Path, own: IpAddr, peer: IpAddr) -> config::Asterisk {
    let toml = format!(
        "[line]\nkind = 'asterisk'\n\
         [line.asterisk]\nami = '{ami}'\nami_secret = '{SECRET}'\nhome = '{home}'\nring = '8s'\n\
         modules = '{modules}'\ndata = '{data}'\n\
         [line.asterisk.trunk]\nhost = '{peer}'\nbind = '{own}:5060'\nmedia_address = '{own}'\nqualify = '0s'\n",
        ami = SocketAddr::new(own, 5038),
        home = home.display(),
        modules = Asterisk::installed("usr/lib/x86_64-linux-gnu/asterisk/modules").display(),
        data = Asterisk::installed("usr/share/asterisk").display(),
    );
    Config::from_toml(&toml).unwrap().line.asterisk
}

/// Our server speaks to its Asterisk under TLS, the carrier's manager is asked without.
fn encryption(folder: &Path, own: IpAddr) -> config::AmiTls {
    let identity = rcgen::generate_simple_self_signed([own.to_string()]).unwrap();
    let (certificate, key) = (folder.join("ami.pem"), folder.join("ami.key"));
    std::fs::write(&certificate, identity.cert.pem()).unwrap();
    std::fs::write(&key, identity.signing_key.serialize_pem()).unwrap();
    config::AmiTls { address: SocketAddr::new(own, 5039), certificate, key }
}
