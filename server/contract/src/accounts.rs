//! Accounts and sessions.
//!
//! A session is a cookie that scripts cannot read. Beside it the server sets a second, readable cookie,
//! [`SIGNED_IN_COOKIE`], which carries no right at all: pages are rendered without knowing who reads them,
//! and that cookie lets a page show the right links.

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;
use crate::money::Money;

/// The readable cookie that is present while somebody is signed in.
pub const SIGNED_IN_COOKIE: &str = "faxdroid_signed_in";
/// Shortest password taken, in characters (NIST SP 800-63B, section 5.1.1.2).
pub const PASSWORD_MIN: usize = 8;
/// Longest password taken, in characters.
pub const PASSWORD_MAX: usize = 128;
/// Longest e-mail address taken (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_MAX: usize = 254;
/// Longest sender's name, which has to fit into the header line of every page.
pub const SENDER_NAME_MAX: usize = 50;

/// `POST /api/v1/accounts`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub email: String,
    pub password: String,
}

/// `POST /api/v1/sessions`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// `POST /api/v1/accounts/confirm-email`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    /// The token of the link that was sent by mail; it works once.
    pub token: String,
}

/// `POST /api/v1/accounts/request-password-reset`. The answer never tells whether the account exists.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestPasswordReset {
    pub email: String,
}

/// `POST /api/v1/accounts/reset-password`. Every session of the account ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    pub token: String,
    pub password: String,
}

/// `POST /api/v1/me/change-password`. Every other session of the account ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub current_password: String,
    pub new_password: String,
}

/// `POST /api/v1/me`: who the header line on every page says the fax is from (47 CFR 68.318(d)).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateSender {
    /// At most [`SENDER_NAME_MAX`] characters.
    pub sender_name: String,
    /// The sender's telephone number, in E.164 or empty.
    pub sender_number: String,
}

/// `GET /api/v1/me`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub id: AccountId,
    pub email: String,
    /// Faxes can be sent only from a confirmed address.
    pub email_confirmed: bool,
    pub sender_name: String,
    pub sender_number: String,
    /// What can be spent: charges of faxes under way are already taken off.
    pub balance: Money,
    /// RFC 3339, UTC.
    pub created_at: String,
}
