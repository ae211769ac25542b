//! The settings of the line through Asterisk.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{ConfigError, duration};

/// `[line.asterisk]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asterisk {
    pub ami: SocketAddr,
    pub ami_secret: Secret,
    pub ami_tls: Option<AmiTls>,
    pub home: PathBuf,
    pub modules: PathBuf,
    pub data: PathBuf,
    pub caller_id: String,
    #[serde(deserialize_with = "duration")]
    pub ring: Duration,
    #[serde(deserialize_with = "duration")]
    pub longest_call: Duration,
    pub incoming: u32,
    pub trunk: Trunk,
}

/// `[line.asterisk.ami_tls]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmiTls {
    pub address: SocketAddr,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// `[line.asterisk.trunk]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    pub host: String,
    pub port: u16,
    pub addresses: Vec<String>,
    pub username: String,
    pub password: Secret,
    pub bind: SocketAddr,
    pub media_address: Option<IpAddr>,
    pub external_address: Option<IpAddr>,
    pub local_networks: Vec<String>,
    #[serde(deserialize_with = "duration")]
    pub qualify: Duration,
    pub codecs: Vec<String>,
    pub t38: bool,
    pub error_correction: bool,
    pub max_bit_rate: u32,
    pub min_bit_rate: u32,
    pub rtp_ports: [u16; 2],
    pub udptl_ports: [u16; 2],
    pub channels: Option<u32>,
}

/// Shown by nobody: neither `Debug` nor an error message has it.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The rates of ITU-T V.27ter, V.29 and V.17 that a fax session may be limited to.
const BIT_RATES: [u32; 6] = [2_400, 4_800, 7_200, 9_600, 12_000, 14_400];

impl Asterisk {
    /// What the whole must be when calls go through Asterisk.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let out_of_range = |setting, expected| Err(ConfigError::OutOfRange { setting, expected });
        if self.ami_secret.is_empty() {
            return out_of_range(
                "line.asterisk.ami_secret",
                "set: it is the password of the manager's account",
            );
        }
        if !self.ami.ip().is_loopback() {
            return out_of_range("line.asterisk.ami", "a loopback address: it is not encrypted");
        }
        if self.ami_tls.as_ref().is_some_and(|tls| !tls.address.ip().is_loopback() || tls.address == self.ami)
        {
            return out_of_range(
                "line.asterisk.ami_tls.address",
                "a loopback address, not that of line.asterisk.ami: only this host may place calls",
            );
        }
        if self.trunk.host.is_empty() {
            return out_of_range("line.asterisk.trunk.host", "the carrier's host");
        }
        if !self.trunk.username.is_empty() && self.trunk.password.is_empty() {
            return out_of_range("line.asterisk.trunk.password", "set when there is a username");
        }
        if self.trunk.codecs.is_empty() {
            return out_of_range("line.asterisk.trunk.codecs", "a list of at least one codec");
        }
        if !BIT_RATES.contains(&self.trunk.max_bit_rate)
            || !BIT_RATES.contains(&self.trunk.min_bit_rate)
            || self.trunk.min_bit_rate > self.trunk.max_bit_rate
        {
            return out_of_range(
                "line.asterisk.trunk.max_bit_rate",
                "2400, 4800, 7200, 9600, 12000 or 14400, and not below min_bit_rate",
            );
        }
        for (setting, [first, last]) in [
            ("line.asterisk.trunk.rtp_ports", self.trunk.rtp_ports),
            ("line.asterisk.trunk.udptl_ports", self.trunk.udptl_ports),
        ] {
            if first < 1024 || first >= last {
                return out_of_range(setting, "two ports from 1024 on, the lower one first");
            }
        }
        // A comma separates the variables of a call, so a path with one would be cut off there.
        if !self.home.is_absolute() || self.home.to_str().is_none_or(|path| path.contains([',', ' ', ';'])) {
            return out_of_range(
                "line.asterisk.home",
                "an absolute path without spaces, commas and semicolons",
            );
        }
        if self.trunk.channels == Some(0) {
            return out_of_range("line.asterisk.trunk.channels", "at least 1, or absent");
        }
        if self.longest_call < self.ring {
            return out_of_range("line.asterisk.longest_call", "longer than line.asterisk.ring");
        }
        Ok(())
    }
}
