//! `faxdroid-server`: one program, several roles.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Parser, Subcommand};
use faxdroid_document::sandbox::{self, Allowance};
use faxdroid_document::worker;
use faxdroid_server::app::App;
use faxdroid_server::clock::SystemClock;
use faxdroid_server::config::{Config, LineKind};
use faxdroid_server::documents::office;
use faxdroid_server::fax::number::{FaxNumber, TestNumbers};
use faxdroid_server::line::asterisk::configuration;
use faxdroid_server::queue::dead_letters::{self, Remedy};
use faxdroid_server::{accounts, inbox, ledger, store, telemetry};

/// The application server of FaxDroid. Settings: server/config.default.toml and FAXDROID_… variables.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Default, Subcommand)]
enum Role {
    /// Serves the API and the site, and sends the faxes.
    #[default]
    Serve,
    /// Brings the database up to this release.
    Migrate,
    /// Checks that no money was lost or made; fails when it was.
    CheckLedger,
    /// Lists the messages that nobody could handle, and why.
    DeadLetters {
        /// Puts those back into their queues whose fax still waits for them, after what they failed at is mended.
        #[arg(long)]
        redrive: bool,
        /// Deletes those for which nothing is left to do.
        #[arg(long)]
        discard: bool,
    },
    /// Assigns one of our numbers to an account: faxes to it arrive in its inbox from now on.
    AssignNumber {
        /// E.164, as +12025550199.
        number: String,
        /// The account's e-mail address.
        email: String,
    },
    /// Takes a number back. Calls to it are refused; what has come in stays where it is.
    ReleaseNumber {
        /// E.164.
        number: String,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Converts one document, from standard input to standard output, with nothing of this machine in reach. Servers
    /// start it.
    #[command(hide = true)]
    Render {
        #[arg(long)]
        memory_mib: u64,
        #[arg(long)]
        cpu_seconds: u64,
    },
    /// Becomes the office program that makes a PDF of a document, with little of this machine in reach. Servers start it.
    #[command(hide = true)]
    Office {
        #[arg(long)]
        memory_mib: u64,
        #[arg(long)]
        cpu_seconds: u64,
        program: PathBuf,
        folder: PathBuf,
        document: PathBuf,
    },
    /// Writes the configuration of the Asterisk beside this server.
    AsteriskConfig {
        /// Where to; Asterisk is started with `asterisk -C FOLDER/asterisk.conf`.
        folder: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let role = Arguments::parse().role.unwrap_or_default();
    if let Role::Render { memory_mib, cpu_seconds } = role {
        // Threads that run already would stay unconfined.
        sandbox::confine(Allowance { memory: memory_mib * 1024 * 1024, cpu_seconds })?;
        return Ok(worker::serve(std::io::stdin().lock(), std::io::stdout().lock())?);
    }
    if let Role::Office { memory_mib, cpu_seconds, program, folder, document } = &role {
        let allowance = Allowance { memory: memory_mib * 1024 * 1024, cpu_seconds: *cpu_seconds };
        sandbox::confine_office(program, folder, allowance)?;
        return Err(office::become_office(program, folder, document).into());
    }
    if let Role::Openapi = role {
        println!("{}", faxdroid_server::api::openapi_json()?);
        return Ok(());
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        let config = Config::load()?;
        let telemetry = telemetry::start(&config.telemetry)?;
        let played = play(role, config).await;
        telemetry.end().await;
        played
    })
}

async fn play(role: Role, config: Config) -> anyhow::Result<()> {
    match role {
        Role::Serve => serve(config).await,
        Role::Migrate => {
            faxdroid_server::open_store(&config).await?;
            Ok(())
        }
        Role::DeadLetters { redrive, discard } => {
            let asked = [(redrive, Remedy::Redrive), (discard, Remedy::Discard)];
            let wanted: Vec<_> =
                asked.into_iter().filter(|(asked, _)| *asked).map(|(_, remedy)| remedy).collect();
            dead_letters(config, &wanted).await
        }
        Role::CheckLedger => check_ledger(&config).await,
        Role::AssignNumber { number, email } => assign_number(&config, &number, &email).await,
        Role::ReleaseNumber { number } => release_number(&config, &number).await,
        Role::AsteriskConfig { folder } => asterisk_config(&config, &folder),
        // Played above, without settings.
        Role::Render { .. } | Role::Office { .. } | Role::Openapi => Ok(()),
    }
}

fn asterisk_config(config: &Config, folder: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(config.line.kind == LineKind::Asterisk, "line.kind is not \"asterisk\"");
    configuration::write(&config.line.asterisk, folder)?;
    println!("asterisk -C {}", folder.join("asterisk.conf").display());
    Ok(())
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let drain = config.workers.drain;
    let server = faxdroid_server::start(config).await?;
    println!("FaxDroid answers at http://{}", server.address());
    stop_requested().await.context("signals cannot be listened to")?;
    server.stop(drain).await;
    Ok(())
}

/// Ctrl-C, or what systemd and load balancers send.
async fn stop_requested() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed,
    }
}

async fn dead_letters(config: Config, wanted: &[Remedy]) -> anyhow::Result<()> {
    let store = faxdroid_server::open_store(&config).await?;
    let app = App::new(config, store).await?;
    for letter in dead_letters::explain(&app.faxes, app.queue.as_ref()).await? {
        println!("{letter}");
        match dead_letters::mend(app.queue.as_ref(), &letter, wanted).await? {
            Some(Remedy::Redrive) => println!("  put back"),
            Some(Remedy::Discard) => println!("  deleted"),
            None => {}
        }
    }
    Ok(())
}

async fn assign_number(config: &Config, number: &str, email: &str) -> anyhow::Result<()> {
    let number = FaxNumber::parse(number, &[], TestNumbers::Refused)?;
    let email = accounts::normalized_email(email).context("this is no e-mail address")?;
    let store = faxdroid_server::open_store(config).await?;
    inbox::assign(&store, &SystemClock, number.e164(), &email).await?;
    println!("Faxes to {} arrive in the inbox of {email}.", number.e164());
    Ok(())
}

async fn release_number(config: &Config, number: &str) -> anyhow::Result<()> {
    let number = FaxNumber::parse(number, &[], TestNumbers::Refused)?;
    let store = faxdroid_server::open_store(config).await?;
    let released = store::numbers::delete(store.connection(), number.e164()).await?;
    anyhow::ensure!(released, "{} was assigned to nobody", number.e164());
    println!("Calls to {} are refused.", number.e164());
    Ok(())
}

async fn check_ledger(config: &Config) -> anyhow::Result<()> {
    let store = faxdroid_server::open_store(config).await?;
    let report = ledger::check::check(&store).await?;
    println!("{report}");
    anyhow::ensure!(report.is_sound(), "the ledger is not sound");
    Ok(())
}
