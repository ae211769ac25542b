//! Amounts of money, as integers in minor units (cents of the US dollar). No fraction of a cent exists.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The currencies FaxDroid keeps accounts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Currency {
    /// US dollar, ISO 4217; the minor unit is the cent.
    #[serde(rename = "USD")]
    Usd,
}

/// An amount, possibly negative (a charge on a statement), in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Money {
    /// In minor units: 150 is one dollar and fifty cents.
    pub amount_minor: i64,
    pub currency: Currency,
}

impl Money {
    pub const fn usd(amount_minor: i64) -> Self {
        Self { amount_minor, currency: Currency::Usd }
    }
}

/// As a customer reads it: `$1.50`, `-$0.20`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let cents = self.amount_minor.unsigned_abs();
        write!(f, "{sign}${}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_reads_dollars_and_cents() {
        assert_eq!(Money::usd(150).to_string(), "$1.50");
        assert_eq!(Money::usd(-20).to_string(), "-$0.20");
        assert_eq!(Money::usd(0).to_string(), "$0.00");
    }
}
