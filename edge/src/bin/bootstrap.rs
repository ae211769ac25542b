//! The program in the package: reads what lies beside it and answers Lambda's events with pages.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use faxdroid_edge::{Site, lambda, router};

/// Scheme and host of the public site, where no CloudFront event says it.
const PUBLIC_URL: &str = "FAXDROID_PUBLIC_URL";

fn main() -> Result<()> {
    tracing_subscriber::fmt().json().with_max_level(tracing::Level::WARN).init();
    let program = std::env::current_exe().context("where this program is")?;
    let openapi = program.parent().unwrap_or(Path::new("/")).join("openapi.json");
    let openapi = std::fs::read_to_string(&openapi).with_context(|| openapi.display().to_string())?;
    let origin = std::env::var(PUBLIC_URL).ok();
    let site = Site::new(&openapi, origin.as_deref());
    // Lambda sends one event at a time, so one thread is enough.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(lambda::run(router(site)))
        .map_err(|error| anyhow!(error))
}
