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
    pub public_url: Url,
    pub data_dir: PathBuf,
    pub own_numbers: Vec<String>,
    pub site: Site,
    pub line: Line,
    pub retry: Retry,
    pub workers: Workers,
    pub accounts: Accounts,
    pub documents: Documents,
    pub quotes: Quotes,
    pub payments: Payments,
    pub mail: Mail,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Simulated,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    #[serde(deserialize_with = "durations")]
    pub delays: Vec<Duration>,
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
    pub conversions: usize,
    #[serde(deserialize_with = "duration")]
    pub time_limit: Duration,
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentsKind {
    Sandbox,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub kind: MailKind,
    pub from: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    Directory,
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
        if config.retry.delays.is_empty() {
            return out_of_range("retry.delays", "a list of at least one duration");
        }
        if config.documents.conversions == 0 {
            return out_of_range("documents.conversions", "at least 1");
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
        ] {
            let error = Config::from_toml(toml).unwrap_err();
            assert!(error.to_string().contains(setting), "{error}");
        }
    }
}
