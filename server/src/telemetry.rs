//! Logs, as events with fields. Never logged: passwords, tokens, cookies, documents, and fax numbers in full.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Names what is logged, as in `info,faxdroid_server=debug`.
const FILTER_VARIABLE: &str = "FAXDROID_LOG";
const DEFAULT_FILTER: &str = "info,sqlx=warn,sea_orm_migration=warn";

/// Logs to the standard error: for people on a terminal, as JSON lines elsewhere.
pub fn start() {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        subscriber.init();
    } else {
        subscriber.json().init();
    }
}
