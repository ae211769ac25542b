//! `/api/v1/accounts`: sign up, confirm an address, set a forgotten password.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use faxdroid_contract::accounts::{
    ConfirmEmail, EMAIL_MAX, Me, PASSWORD_MAX, PASSWORD_MIN, RequestPasswordReset, ResetPassword, SignUp,
};
use faxdroid_contract::ids::AccountId;
use faxdroid_contract::problem::{Problem, ProblemCode};

use super::answer::Answer;
use super::auth::session_cookies;
use super::input::Input;
use super::problem::{ApiProblem, Validation};
use super::rate_limit::TRIES;
use super::{me, sessions};
use crate::accounts::{Token, hash_password, is_common, normalized_email};
use crate::app::App;
use crate::mail::outgoing::Letter;
use crate::store::accounts::Account;
use crate::store::sessions::MailedToken;
use crate::store::{self, StoreError};

/// Opens an account, signs in, and mails a link that confirms the address.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = SignUp, responses(
    (status = 201, description = "The account; the session is in a cookie", body = Me),
    (status = 409, description = "`email_taken`", body = Problem),
    (status = 422, description = "`validation_failed`", body = Problem),
))]
pub(crate) async fn sign_up(State(app): State<App>, input: Input<SignUp>) -> Result<Answer, ApiProblem> {
    let SignUp { email, password } = input.body;
    let mut validation = Validation::default();
    let normalized = check_email(&mut validation, &email);
    check_password(&mut validation, "/password", &password);
    validation.finish()?;
    let password_hash = hash(&app, password).await?;
    let account = Account {
        id: format!("{}{}", AccountId::PREFIX, app.clock.new_ulid()),
        email: normalized.unwrap_or_default(),
        password_hash,
        email_confirmed_at: None,
        sender_name: String::new(),
        sender_number: String::new(),
        created_at: app.clock.now().as_millisecond(),
    };
    match app.outgoing_mail.welcome(&account).await {
        Err(error) if error.is_duplicate() => {
            return Err(ApiProblem::field("/email", ProblemCode::EmailTaken));
        }
        other => other?,
    }
    let session = sessions::begin(&app, &account.id).await?;
    let answer = Answer::json(StatusCode::CREATED, &me::shown(&app, &account).await?);
    Ok(answer
        .with_cookies(session_cookies(&session, app.config.accounts.session_lifetime))
        .then("/send?notice=signed_up"))
}

/// Confirms an e-mail address by the token of the link that was mailed.
#[utoipa::path(post, path = "/api/v1/accounts/confirm-email", tag = "accounts", request_body = ConfirmEmail, responses(
    (status = 204, description = "The address is confirmed"),
    (status = 422, description = "`token_invalid`", body = Problem),
))]
pub(crate) async fn confirm_email(
    State(app): State<App>,
    input: Input<ConfirmEmail>,
) -> Result<Answer, ApiProblem> {
    spend_token(&app, &input.body.token, Letter::ConfirmEmail, None).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT).then("/send?notice=email_confirmed"))
}

/// Mails a link that sets a new password. The answer never tells whether the account exists.
#[utoipa::path(post, path = "/api/v1/accounts/request-password-reset", tag = "accounts", request_body = RequestPasswordReset, responses(
    (status = 202, description = "A link is on its way if there is such an account"),
    (status = 422, description = "`validation_failed`", body = Problem),
    (status = 429, description = "`rate_limited`", body = Problem),
))]
pub(crate) async fn request_password_reset(
    State(app): State<App>,
    input: Input<RequestPasswordReset>,
) -> Result<Answer, ApiProblem> {
    let mut validation = Validation::default();
    let email = check_email(&mut validation, &input.body.email);
    validation.finish()?;
    let email = email.unwrap_or_default();
    // Counted by mailbox alone: it is the mailbox that is to be spared.
    app.rate_limits.count(format!("reset {email}"), TRIES)?;
    if let Some(account) = store::accounts::find_by_email(app.store.connection(), &email).await? {
        app.outgoing_mail.write(&account, Letter::ResetPassword).await?;
    }
    Ok(Answer::empty(StatusCode::ACCEPTED).then("/forgot-password?notice=reset_sent"))
}

/// Sets a new password by the token of the link that was mailed. Every session of the account ends.
#[utoipa::path(post, path = "/api/v1/accounts/reset-password", tag = "accounts", request_body = ResetPassword, responses(
    (status = 204, description = "The password is set"),
    (status = 422, description = "`token_invalid`, `validation_failed`", body = Problem),
))]
pub(crate) async fn reset_password(
    State(app): State<App>,
    input: Input<ResetPassword>,
) -> Result<Answer, ApiProblem> {
    let ResetPassword { token, password } = input.body;
    let mut validation = Validation::default();
    check_password(&mut validation, "/password", &password);
    validation.finish()?;
    let password_hash = hash(&app, password).await?;
    spend_token(&app, &token, Letter::ResetPassword, Some(&password_hash)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT).then("/sign-in?notice=password_reset"))
}

pub(super) async fn hash(app: &App, password: String) -> Result<String, ApiProblem> {
    hash_password(password, app.config.accounts.password, app.clock.as_ref()).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "hashing_failed");
        ApiProblem::internal()
    })
}

pub(super) fn check_password(validation: &mut Validation, pointer: &str, password: &str) {
    let length = password.chars().count();
    validation.expect(!password.is_empty(), pointer, ProblemCode::Required);
    validation.expect(length >= PASSWORD_MIN, pointer, ProblemCode::PasswordTooShort);
    validation.expect(length <= PASSWORD_MAX, pointer, ProblemCode::TooLong);
    validation.expect(!is_common(password), pointer, ProblemCode::PasswordTooCommon);
}

fn check_email(validation: &mut Validation, email: &str) -> Option<String> {
    let normalized = normalized_email(email);
    validation.expect(!email.trim().is_empty(), "/email", ProblemCode::Required);
    validation.expect(email.len() <= EMAIL_MAX, "/email", ProblemCode::TooLong);
    validation.expect(normalized.is_some(), "/email", ProblemCode::EmailInvalid);
    normalized
}

/// Uses up a token that was mailed, and with it confirms the address and sets the new password, if there is one.
async fn spend_token(
    app: &App,
    token: &str,
    letter: Letter,
    new_password: Option<&str>,
) -> Result<(), ApiProblem> {
    let invalid = || ApiProblem::of(ProblemCode::TokenInvalid);
    let token = Token::parse(token).ok_or_else(invalid)?.hash();
    let now = app.clock.now().as_millisecond();
    // Whether it was good when a commit failed whose answer may have been lost.
    let was_good = AtomicBool::new(false);
    let spent = app.store.patiently(|_| async {
        let transaction = app.store.begin().await?;
        let taken = store::sessions::take_token(&transaction, &token, letter.as_str(), now).await?;
        let Some(MailedToken { account_id, .. }) = taken else {
            return Ok::<_, StoreError>(was_good.load(Ordering::Relaxed));
        };
        was_good.store(true, Ordering::Relaxed);
        // Who could read the link reads the mailbox.
        store::accounts::confirm_email(&transaction, &account_id, now).await?;
        if let Some(password_hash) = new_password {
            store::accounts::set_password(&transaction, &account_id, password_hash).await?;
            store::sessions::end_all(&transaction, &account_id, None).await?;
        }
        transaction.commit().await?;
        Ok(true)
    });
    if spent.await? { Ok(()) } else { Err(invalid()) }
}
