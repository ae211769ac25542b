//! `faxdroid-server`: one program, several roles.

use anyhow::Context;
use clap::{Parser, Subcommand};
use faxdroid_server::config::Config;
use faxdroid_server::{ledger, telemetry};

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
    /// Prints the OpenAPI document.
    Openapi,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    telemetry::start();
    match arguments.role.unwrap_or_default() {
        Role::Serve => serve(Config::load()?).await,
        Role::Migrate => {
            faxdroid_server::open_store(&Config::load()?).await?;
            Ok(())
        }
        Role::CheckLedger => check_ledger(&Config::load()?).await,
        Role::Openapi => {
            println!("{}", faxdroid_server::api::openapi_json()?);
            Ok(())
        }
    }
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

async fn check_ledger(config: &Config) -> anyhow::Result<()> {
    let store = faxdroid_server::open_store(config).await?;
    let report = ledger::check::check(&store).await?;
    println!("{report}");
    anyhow::ensure!(report.is_sound(), "the ledger is not sound");
    Ok(())
}
