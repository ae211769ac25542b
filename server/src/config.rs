//! The settings: `config.default.toml` is every one of them with its default, a TOML file and environment variables
//! override it. They are checked once, at the start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::fax::AfterPartial;

mod asterisk;

pub use asterisk::{AmiTls, Asterisk, Secret, Trunk};

/// Names a TOML file with settings.
const FILE_VARIABLE: &str = "FAXDROID_CONFIG";
const PREFIX: &str = "FAXDROID_";
const DEFAULTS: &str = include_str!("../config.default.toml");

/// All settings; see `config.default.toml` for what each is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub listen: SocketAddr,
    pub internal_listen: SocketAddr,
    pub trusted_proxies: usize,
    pub public_url: Url,
    pub data_dir: PathBuf,
    pub own_numbers: Vec<String>,
    pub database: Database,
    pub locks: Locks,
    pub queues: Queues,
    pub bucket: Bucket,
    pub site: Site,
    pub line: Line,
    pub retry: Retry,
    pub workers: Workers,
    pub accounts: Accounts,
    pub documents: Documents,
    pub quotes: Quotes,
    pub payments: Payments,
    pub mail: Mail,
    pub telemetry: Telemetry,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// SQLite in the data directory when absent.
    pub url: Option<ServiceUrl>,
    pub reader_url: Option<ServiceUrl>,
    pub connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locks {
    /// Within the process when absent.
    pub url: Option<ServiceUrl>,
    pub prefix: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queues {
    pub kind: QueuesKind,
    pub retries_url: Option<Url>,
    pub refunds_url: Option<Url>,
    pub retries_dead_letters_url: Option<Url>,
    pub refunds_dead_letters_url: Option<Url>,
    /// Where SQS answers, when that is not AWS.
    pub endpoint: Option<Url>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueuesKind {
    Table,
    Sqs,
}

/// Where documents are kept in production.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Files are in the data directory when it is empty.
    pub name: String,
    pub encryption: String,
    pub kms_key: Option<String>,
    /// Where S3 answers, when that is not AWS.
    pub endpoint: Option<Url>,
}

/// The address of a service, which may hold a password and never shows it.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl std::fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/…", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub serve: bool,
    pub root: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub kind: LineKind,
    pub time_scale: f64,
    pub concurrency: usize,
    pub asterisk: Asterisk,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Simulated,
    Asterisk,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    #[serde(deserialize_with = "durations")]
    pub delays: Vec<Duration>,
    pub after_partial: AfterPartial,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    #[serde(deserialize_with = "duration")]
    pub poll: Duration,
    #[serde(deserialize_with = "duration")]
    pub sweep: Duration,
    #[serde(deserialize_with = "duration")]
    pub lost_after: Duration,
    #[serde(deserialize_with = "duration")]
    pub lease: Duration,
    #[serde(deserialize_with = "duration")]
    pub drain: Duration,
    #[serde(deserialize_with = "duration")]
    pub notice: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    #[serde(deserialize_with = "duration")]
    pub session_lifetime: Duration,
    #[serde(deserialize_with = "duration")]
    pub token_lifetime: Duration,
    pub password: PasswordCost,
}

/// Parameters of argon2id (RFC 9106, section 3.1).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub iterations: u32,
    pub parallelism: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    #[serde(deserialize_with = "duration")]
    pub expire_after: Duration,
    #[serde(deserialize_with = "duration")]
    pub keep_after_fax: Duration,
    pub renderer: PathBuf,
    pub office: PathBuf,
    pub conversions: usize,
    #[serde(deserialize_with = "duration")]
    pub time_limit: Duration,
    #[serde(deserialize_with = "duration")]
    pub cpu_limit: Duration,
    pub memory_mib: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotes {
    #[serde(deserialize_with = "duration")]
    pub valid_for: Duration,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    pub kind: PaymentsKind,
    #[serde(deserialize_with = "duration")]
    pub dispute_after: Duration,
    pub stripe: Stripe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentsKind {
    Sandbox,
    Stripe,
}

/// `[payments.stripe]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stripe {
    pub secret_key: Secret,
    pub webhook_secret: Secret,
    pub endpoint: Url,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub kind: MailKind,
    pub url: Option<ServiceUrl>,
    pub from: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    Directory,
    Smtp,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// No traces are exported when absent.
    pub otlp_endpoint: Option<Url>,
    pub sample: f64,
}

/// A setting is missing, unknown or out of range.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the settings cannot be read: {0}")]
    Unreadable(#[from] Box<figment::Error>),
    #[error("{setting} must be {expected}")]
    OutOfRange { setting: &'static str, expected: &'static str },
}

impl Config {
    /// The defaults, overridden by the file that `FAXDROID_CONFIG` names and by the environment.
    pub fn load() -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = std::env::var_os(FILE_VARIABLE) {
            figment = figment.merge(Toml::file_exact(PathBuf::from(file)));
        }
        let environment = Env::prefixed(PREFIX).ignore(&["config", "log"]).split("__");
        Self::checked(&figment.merge(environment))
    }

    /// The defaults, overridden by `toml`.
    pub fn from_toml(toml: &str) -> Result<Self, ConfigError> {
        Self::checked(&Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(toml)))
    }

    fn checked(figment: &Figment) -> Result<Self, ConfigError> {
        let config: Self = figment.extract().map_err(Box::new)?;
        let out_of_range = |setting, expected| Err(ConfigError::OutOfRange { setting, expected });
        if !config.line.time_scale.is_finite() || config.line.time_scale <= 0.0 {
            return out_of_range("line.time_scale", "greater than zero");
        }
        if config.line.concurrency == 0 {
            return out_of_range("line.concurrency", "at least 1");
        }
        let mysql =
            |url: &Option<ServiceUrl>| url.as_ref().is_none_or(|url| url.expose().scheme() == "mysql");
        if !mysql(&config.database.url) || !mysql(&config.database.reader_url) {
            return out_of_range(
                "database.url and database.reader_url",
                "addresses that begin with mysql://",
            );
        }
        if config.database.url.is_none() && config.database.reader_url.is_some() {
            return out_of_range("database.reader_url", "absent where database.url is");
        }
        if config.database.connections == 0 {
            return out_of_range("database.connections", "at least 1");
        }
        let redis = |url: &ServiceUrl| ["redis", "rediss"].contains(&url.expose().scheme());
        if !config.locks.url.as_ref().is_none_or(redis) {
            return out_of_range("locks.url", "an address that begins with redis:// or rediss://");
        }
        let queues = &config.queues;
        let missing = queues.retries_url.is_none() || queues.refunds_url.is_none();
        if queues.kind == QueuesKind::Sqs && missing {
            return out_of_range(
                "queues.retries_url and queues.refunds_url",
                "given where queues.kind is sqs",
            );
        }
        if config.line.kind == LineKind::Asterisk {
            config.line.asterisk.check()?;
        }
        let stripe = &config.payments.stripe;
        if config.payments.kind == PaymentsKind::Stripe
            && (stripe.secret_key.is_empty() || stripe.webhook_secret.is_empty())
        {
            return out_of_range(
                "payments.stripe.secret_key and payments.stripe.webhook_secret",
                "given where payments.kind is stripe",
            );
        }
        if config.mail.kind == MailKind::Smtp && !config.mail.url.as_ref().is_some_and(is_confidential) {
            return out_of_range(
                "mail.url",
                "smtps://… or smtp://…?tls=required (smtp://… is for a server on this host alone)",
            );
        }
        if config.retry.delays.is_empty() {
            return out_of_range("retry.delays", "a list of at least one duration");
        }
        if config.documents.conversions == 0 {
            return out_of_range("documents.conversions", "at least 1");
        }
        if !(0.0..=1.0).contains(&config.telemetry.sample) {
            return out_of_range("telemetry.sample", "from 0 to 1");
        }
        if config.public_url.host_str().is_none() {
            return out_of_range("public_url", "an address with a host");
        }
        Ok(config)
    }

    /// `path` of the public site, in full.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// Passwords and the secrets of links go encrypted, unless they stay on this host.
fn is_confidential(server: &ServiceUrl) -> bool {
    let url = server.expose();
    let on_this_host = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let starts_tls = url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    url.scheme() == "smtps" || (url.scheme() == "smtp" && (starts_tls || on_this_host))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let duration = SignedDuration::deserialize(deserializer)?;
    Duration::try_from(duration).map_err(|_| serde::de::Error::custom("a duration cannot be negative"))
}

fn durations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    let durations = Vec::<SignedDuration>::deserialize(deserializer)?;
    durations
        .into_iter()
        .map(|duration| {
            Duration::try_from(duration)
                .map_err(|_| serde::de::Error::custom("a duration cannot be negative"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_a_whole_configuration() {
        let config = Config::from_toml("").unwrap();
        assert_eq!(config.listen.port(), 3000);
        assert_eq!(config.retry.delays[3], Duration::from_secs(40 * 60));
        assert_eq!(config.public("/send"), "http://127.0.0.1:3000/send");
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let config = Config::from_toml("[database]\nurl = \"mysql://app:s3cret@db/faxdroid\"").unwrap();
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = Config::from_toml("[line]\ntimescale = 1.0").unwrap_err();
        assert!(error.to_string().contains("timescale"), "{error}");
    }

    #[test]
    fn a_setting_out_of_range_is_refused_by_name() {
        for (toml, setting) in [
            ("[line]\ntime_scale = 0.0", "line.time_scale"),
            ("[line]\nconcurrency = 0", "line.concurrency"),
            ("[retry]\ndelays = []", "retry.delays"),
            ("[documents]\nconversions = 0", "documents.conversions"),
            ("[database]\nurl = \"postgres://db/faxdroid\"", "database.url"),
            ("[database]\nreader_url = \"mysql://db/faxdroid\"", "database.reader_url"),
            ("[locks]\nurl = \"http://locks\"", "locks.url"),
            ("[queues]\nkind = \"sqs\"", "queues.retries_url"),
            ("[mail]\nkind = \"smtp\"", "mail.url"),
            ("[mail]\nkind = \"smtp\"\nurl = \"smtp://user:password@mail.example\"", "mail.url"),
            ("[payments]\nkind = \"stripe\"", "payments.stripe.secret_key"),
            ("[telemetry]\nsample = 1.5", "telemetry.sample"),
        ] {
            let error = Config::from_toml(toml).unwrap_err();
            assert!(error.to_string().contains(setting), "{error}");
        }
    }
}
