//! Real telephone lines: an Asterisk beside each server, and one that plays the carrier with every telephone behind it, on
//! addresses of loopback.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use faxdroid_ami::{Action, Ami, Link, Settings};
use faxdroid_document::{Limits, Resolution, SourceFile, convert};
use faxdroid_testbed::{Asterisk, telephones};
use tokio::process::Command;
use tokio::task::JoinSet;

/// Of the manager's account; the managers answer on loopback alone.
const SECRET: &str = "of this machine";
/// The account that `faxdroid-server asterisk-config` writes.
const ACCOUNT: &str = "faxdroid";
const CARRIER: IpAddr = address(250);
/// What the fax machine behind the carrier is shown as.
pub(crate) const MACHINE: &str = "+12025550100";

const fn address(host: u8) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::new(127, 62, 0, host))
}

#[derive(Debug)]
pub(crate) struct Telephones {
    letter: PathBuf,
    received: PathBuf,
    _asterisks: Vec<Asterisk>,
}

/// What the server with this number, from 0, is told of its Asterisk. The carrier's calls go to the first.
pub(crate) fn settings(server: u8, folder: &Path) -> Vec<(String, String)> {
    line(address(server + 1), CARRIER, &folder.join(format!("asterisk{server}")))
}

fn line(own: IpAddr, peer: IpAddr, home: &Path) -> Vec<(String, String)> {
    let of = |name: &str, value: String| (format!("FAXDROID_LINE__ASTERISK__{name}"), value);
    vec![
        ("FAXDROID_LINE__KIND".to_owned(), "asterisk".to_owned()),
        of("AMI", manager(own).to_string()),
        of("AMI_SECRET", SECRET.to_owned()),
        of("HOME", home.display().to_string()),
        of("MODULES", Asterisk::installed("usr/lib/x86_64-linux-gnu/asterisk/modules").display().to_string()),
        of("DATA", Asterisk::installed("usr/share/asterisk").display().to_string()),
        of("RING", "20s".to_owned()),
        of("TRUNK__HOST", peer.to_string()),
        of("TRUNK__BIND", SocketAddr::new(own, 5060).to_string()),
        of("TRUNK__MEDIA_ADDRESS", own.to_string()),
        of("TRUNK__QUALIFY", "0s".to_owned()),
    ]
}

fn manager(own: IpAddr) -> SocketAddr {
    SocketAddr::new(own, 5038)
}

/// Where the manager of a server's Asterisk answers, and the carrier's.
pub(crate) fn managers(servers: u8) -> Vec<SocketAddr> {
    (0..servers).map(|server| manager(address(server + 1))).chain([manager(CARRIER)]).collect()
}

impl Telephones {
    /// `program` is the server's, which writes the configuration of the Asterisk beside it.
    pub(crate) async fn start(program: &Path, servers: u8, folder: &Path) -> anyhow::Result<Self> {
        let received = folder.join("received");
        std::fs::create_dir_all(&received)?;
        let mut configured = Vec::new();
        for server in 0..servers {
            let etc = folder.join(format!("asterisk{server}-etc"));
            configure(program, &settings(server, folder), &etc).await?;
            configured.push(etc);
        }
        let etc = folder.join("carrier-etc");
        let mut settings = line(CARRIER, address(1), &folder.join("carrier"));
        // Whom it lets call: the addresses that a carrier's allow-list has.
        let allowed = serde_json::to_string(&(1..=servers).map(address).collect::<Vec<_>>())?;
        settings.push(("FAXDROID_LINE__ASTERISK__TRUNK__ADDRESSES".to_owned(), allowed));
        configure(program, &settings, &etc).await?;
        std::fs::write(etc.join("extensions.conf"), telephones(&received))?;
        configured.push(etc);
        let starting =
            configured.into_iter().map(|etc| tokio::task::spawn_blocking(move || Asterisk::start(&etc)));
        let asterisks = futures::future::try_join_all(starting).await?;
        let letter = folder.join("letter.tif");
        std::fs::write(&letter, tokio::task::spawn_blocking(write_letter).await??)?;
        Ok(Self { letter, received, _asterisks: asterisks })
    }

    /// A fax machine behind the carrier sends its letter to `number`, one of ours. Returns when it has begun to.
    pub(crate) async fn call(&self, number: &str) -> anyhow::Result<()> {
        ensure!(
            number.starts_with('+') && number[1..].bytes().all(|byte| byte.is_ascii_digit()),
            "{number:?} is no number"
        );
        let (ami, task) = Ami::new(Settings::new(manager(CARRIER).to_string(), ACCOUNT, SECRET));
        let mut connection = JoinSet::new();
        connection.spawn(task.run());
        ami.link().wait_for(|link| matches!(link, Link::Up(_))).await?;
        let fields = [
            ("Channel", format!("PJSIP/{number}@trunk")),
            ("Context", "fax-to-us".to_owned()),
            ("Exten", "send".to_owned()),
            ("Priority", "1".to_owned()),
            ("Async", "true".to_owned()),
            ("CallerID", MACHINE.to_owned()),
            ("Variable", format!("FAXFILE={}", self.letter.display())),
            ("Variable", format!("FAXSTATION={MACHINE}")),
        ];
        let mut action = Action::new("Originate");
        for (name, value) in fields {
            action = action.field(name, value)?;
        }
        ami.send(action).await?;
        Ok(())
    }

    /// Names of what the carrier's fax machines have received, oldest first.
    pub(crate) fn received(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.received).into_iter().flatten().flatten();
        let mut names: Vec<_> = files.filter_map(|file| file.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}

async fn configure(program: &Path, settings: &[(String, String)], etc: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.arg("asterisk-config").arg(etc).envs(settings.iter().cloned()).kill_on_drop(true);
    let ended = command.output().await.with_context(|| program.display().to_string())?;
    ensure!(ended.status.success(), "asterisk-config: {}", String::from_utf8_lossy(&ended.stderr));
    Ok(())
}

/// Two pages.
fn write_letter() -> anyhow::Result<Vec<u8>> {
    let page = |name: &str, text: &'static [u8]| SourceFile { name: name.to_owned(), bytes: text.into() };
    let pages = [page("first.txt", b"The first page"), page("second.txt", b"The second page")];
    Ok(convert(&pages, None, &Limits::default())?.to_tiff(Resolution::Fine)?)
}
