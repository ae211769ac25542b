//! The whole shape of FaxDroid on one machine: every component that AWS would run, played by the real thing where it exists
//! here and by a stand-in that reads the deployed templates where it does not. `script/stack` builds what it needs.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

mod aws;
mod components;
mod minute;
mod renderer;
mod servers;
mod shape;
mod status_page;
mod telephones;

use shape::Shape;

/// Starts every component of FaxDroid on this machine and ends them all with itself.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    /// The folder with templates/ and parameters/.
    #[arg(long, default_value = "infra")]
    infra: PathBuf,
    /// Where cargo has built: the server, the renderer's package, the fallback.
    #[arg(long, default_value = "target", env = "CARGO_TARGET_DIR")]
    target: PathBuf,
    /// What cargo-leptos has built.
    #[arg(long, default_value = "target/site")]
    site: PathBuf,
    /// Where customers come in.
    #[arg(long, default_value_t = 3443)]
    https_port: u16,
    /// Where they are sent there from.
    #[arg(long, default_value_t = 3080)]
    http_port: u16,
    /// Where the deploy tool finds AWS.
    #[arg(long, default_value_t = 3401)]
    aws_port: u16,
    /// Where the status page is.
    #[arg(long, default_value_t = 3400)]
    status_port: u16,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    // One TLS in this process, as in the servers.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(("127.0.0.1", arguments.status_port)).await?;
    let status = format!("http://{}", listener.local_addr()?);
    let shape = tokio::select! {
        shape = Shape::start(&arguments) => Arc::new(shape?),
        _ = terminated.recv() => return Ok(()),
        _ = interrupted.recv() => return Ok(()),
    };
    println!("\nThe site          {}", shape.site());
    println!("                  its certificate is of today: {}", shape.certificate.display());
    println!("22 components     {status}");
    println!("To release again  {} release local ID", shape.operator.words());
    let pages = axum::serve(listener, status_page::router(shape.clone(), &status));
    tokio::select! {
        ended = pages => ended?,
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    shape.end().await;
    Ok(())
}
