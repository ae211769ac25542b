//! `/api/v1/sessions`: sign in and out.

use axum::extract::State;
use axum::http::StatusCode;
use faxdroid_contract::accounts::{Me, SignIn};
use faxdroid_contract::problem::{Problem, ProblemCode};

use super::answer::Answer;
use super::auth::{SignedIn, no_cookies, session_cookies};
use super::client::ClientIp;
use super::input::Input;
use super::me;
use super::problem::{ApiProblem, Validation};
use super::rate_limit::TRIES;
use crate::accounts::{Token, normalized_email, verify_password};
use crate::app::App;
use crate::clock::after;
use crate::store;
use crate::store::sessions::Session;

/// Whole offices call from one address.
const TRIES_OF_CLIENT: u32 = 200;
/// Of all the world at one account: far more than its owner needs, and few beside the passwords there are.
const TRIES_AT_ACCOUNT: u32 = 500;

/// Signs in. A session that the browser had before is not used again.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = SignIn, responses(
    (status = 201, description = "Signed in; the session is in a cookie", body = Me),
    (status = 401, description = "`credentials_invalid`", body = Problem),
    (status = 422, description = "`validation_failed`", body = Problem),
    (status = 429, description = "`rate_limited`", body = Problem),
))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    client: ClientIp,
    old: Result<SignedIn, ApiProblem>,
    input: Input<SignIn>,
) -> Result<Answer, ApiProblem> {
    let next = input.next.unwrap_or_else(|| "/faxes".to_owned());
    let SignIn { email, password } = input.body;
    let mut validation = Validation::default();
    validation.expect(!email.trim().is_empty(), "/email", ProblemCode::Required);
    validation.expect(!password.is_empty(), "/password", ProblemCode::Required);
    validation.finish()?;
    let email = normalized_email(&email).unwrap_or_default();
    count_try(&app, client, &email)?;
    let account = store::accounts::find_by_email(app.store.connection(), &email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let verified = verify_password(password, hash).await;
    let Some(account) = account.filter(|_| verified) else {
        return Err(ApiProblem::of(ProblemCode::CredentialsInvalid));
    };
    if let Ok(old) = old {
        store::sessions::end(app.store.connection(), &old.session.hash()).await?;
    }
    let session = begin(&app, &account.id).await?;
    let answer = Answer::json(StatusCode::CREATED, &me::shown(&app, &account).await?);
    Ok(answer.with_cookies(session_cookies(&session, app.config.accounts.session_lifetime)).then(next))
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "sessions", responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(crate) async fn sign_out(State(app): State<App>, customer: SignedIn) -> Result<Answer, ApiProblem> {
    store::sessions::end(app.store.connection(), &customer.session.hash()).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT).with_cookies(no_cookies()).then("/?notice=signed_out"))
}

/// Signs out, for plain forms, which know no DELETE.
#[utoipa::path(post, path = "/api/v1/sessions/current/end", tag = "sessions", responses(
    (status = 204, description = "Signed out"),
))]
pub(crate) async fn end(
    State(app): State<App>,
    customer: Result<SignedIn, ApiProblem>,
) -> Result<Answer, ApiProblem> {
    if let Ok(customer) = customer {
        store::sessions::end(app.store.connection(), &customer.session.hash()).await?;
    }
    Ok(Answer::empty(StatusCode::NO_CONTENT).with_cookies(no_cookies()).then("/?notice=signed_out"))
}

/// A stranger who guesses is stopped by his own address long before the account is closed to its owner. Whom an earlier
/// limit stops is not counted by the later ones.
fn count_try(app: &App, ClientIp(client): ClientIp, email: &str) -> Result<(), ApiProblem> {
    app.rate_limits.count(format!("sign in from {client}"), TRIES_OF_CLIENT)?;
    app.rate_limits.count(format!("sign in from {client} as {email}"), TRIES)?;
    app.rate_limits.count(format!("sign in as {email}"), TRIES_AT_ACCOUNT)
}

/// A new session of an account.
pub(super) async fn begin(app: &App, account: &str) -> Result<Token, ApiProblem> {
    let session = Token::new(app.clock.as_ref());
    let now = app.clock.now().as_millisecond();
    let row = Session {
        token_hash: session.hash(),
        account_id: account.to_owned(),
        created_at: now,
        expires_at: after(now, app.config.accounts.session_lifetime),
    };
    store::sessions::insert(app.store.connection(), row).await?;
    Ok(session)
}
