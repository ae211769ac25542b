//! Who is asking: the session behind the cookie.
//!
//! The cookie holds a random token of 256 bits; the database holds its SHA-256, so that nobody who reads the database
//! can be somebody else.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum_extra::extract::cookie::Cookie;
use faxdroid_contract::accounts::SIGNED_IN_COOKIE;
use faxdroid_contract::ids::AccountId;
use faxdroid_contract::problem::ProblemCode;

use super::problem::ApiProblem;
use crate::accounts::Token;
use crate::app::App;
use crate::store;
use crate::store::accounts::Account;

const SESSION_COOKIE: &str = "faxdroid_session";

/// The customer whose session the request carries.
pub(crate) struct SignedIn {
    pub(crate) id: AccountId,
    pub(crate) account: Account,
    pub(crate) session: Token,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiProblem> {
        let unauthenticated = || ApiProblem::of(ProblemCode::Unauthenticated);
        let session = session_of(parts).ok_or_else(unauthenticated)?;
        let now = app.clock.now().as_millisecond();
        let account = store::sessions::account(app.store.connection(), &session.hash(), now)
            .await?
            .ok_or_else(unauthenticated)?;
        let id = account.id.parse().map_err(|_| ApiProblem::internal())?;
        Ok(Self { id, account, session })
    }
}

fn session_of(parts: &Parts) -> Option<Token> {
    let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(Cookie::split_parse)
        .flatten()
        .find(|cookie| cookie.name() == SESSION_COOKIE)
        .and_then(|cookie| Token::parse(cookie.value()))
}

/// The cookies of a new session: the token, which no script reads, and the sign for pages, which carries no right.
pub(crate) fn session_cookies(session: &Token, lifetime: Duration) -> Vec<HeaderValue> {
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    cookies(session.as_str(), "1", seconds)
}

/// Both cookies, gone.
pub(crate) fn no_cookies() -> Vec<HeaderValue> {
    cookies("", "", 0)
}

/// The values are tokens of ours and need no quoting (RFC 6265, section 4.1.1).
fn cookies(token: &str, sign: &str, seconds: i64) -> Vec<HeaderValue> {
    let common = format!("Path=/; Max-Age={seconds}; Secure; SameSite=Lax");
    let lines = [
        format!("{SESSION_COOKIE}={token}; HttpOnly; {common}"),
        format!("{SIGNED_IN_COOKIE}={sign}; {common}"),
    ];
    lines.iter().filter_map(|line| HeaderValue::from_str(line).ok()).collect()
}
