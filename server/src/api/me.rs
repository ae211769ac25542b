//! `/api/v1/me`: the customer's own account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use faxdroid_contract::accounts::{ChangePassword, Me, SENDER_NAME_MAX, UpdateSender};
use faxdroid_contract::problem::{Problem, ProblemCode};

use super::accounts::{check_password, hash};
use super::answer::Answer;
use super::auth::SignedIn;
use super::input::Input;
use super::plain;
use super::problem::{ApiProblem, Validation};
use super::rate_limit::TRIES;
use crate::accounts::verify_password;
use crate::app::App;
use crate::documents::rfc3339;
use crate::fax::number::FaxNumber;
use crate::mail::outgoing::Letter;
use crate::store::accounts::Account;
use crate::{ledger, store};

/// Who is signed in, and his balance.
#[utoipa::path(get, path = "/api/v1/me", tag = "accounts", responses(
    (status = 200, description = "The account", body = Me),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(crate) async fn show(
    State(app): State<App>,
    customer: SignedIn,
    headers: HeaderMap,
) -> Result<Response, ApiProblem> {
    let me = shown(&app, &customer.account).await?;
    Ok(plain::negotiated(&headers, &me, plain::me))
}

/// Sets what the header line on every page says about the sender.
#[utoipa::path(post, path = "/api/v1/me", tag = "accounts", request_body = UpdateSender, responses(
    (status = 200, description = "The account", body = Me),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 422, description = "`validation_failed`", body = Problem),
))]
pub(crate) async fn update_sender(
    State(app): State<App>,
    customer: SignedIn,
    input: Input<UpdateSender>,
) -> Result<Answer, ApiProblem> {
    let name = input.body.sender_name.split_whitespace().collect::<Vec<_>>().join(" ");
    let number = input.body.sender_number.trim();
    let parsed = FaxNumber::parse(number, &[], app.test_numbers());
    let mut validation = Validation::default();
    validation.expect(name.chars().count() <= SENDER_NAME_MAX, "/sender_name", ProblemCode::TooLong);
    validation.expect(!name.contains(char::is_control), "/sender_name", ProblemCode::CharacterInvalid);
    if let (false, Err(error)) = (number.is_empty(), &parsed) {
        validation.expect(false, "/sender_number", error.code());
    }
    validation.finish()?;
    let number = parsed.map(|number| number.e164().to_owned()).unwrap_or_default();
    store::accounts::set_sender(app.store.connection(), customer.id.as_str(), &name, &number).await?;
    let account = Account { sender_name: name, sender_number: number, ..customer.account };
    Ok(Answer::json(StatusCode::OK, &shown(&app, &account).await?).then("/account?notice=sender_saved"))
}

/// Changes the password. Every other session of the account ends.
#[utoipa::path(post, path = "/api/v1/me/change-password", tag = "accounts", request_body = ChangePassword, responses(
    (status = 204, description = "The password is changed"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 422, description = "`validation_failed`, `password_wrong`", body = Problem),
    (status = 429, description = "`rate_limited`", body = Problem),
))]
pub(crate) async fn change_password(
    State(app): State<App>,
    customer: SignedIn,
    input: Input<ChangePassword>,
) -> Result<Answer, ApiProblem> {
    let ChangePassword { current_password, new_password } = input.body;
    let mut validation = Validation::default();
    check_password(&mut validation, "/new_password", &new_password);
    validation.finish()?;
    app.rate_limits.count(format!("change password {}", customer.id), TRIES)?;
    if !verify_password(current_password, Some(customer.account.password_hash.clone())).await {
        return Err(ApiProblem::field("/current_password", ProblemCode::PasswordWrong));
    }
    let password_hash = hash(&app, new_password).await?;
    store::accounts::set_password(app.store.connection(), customer.id.as_str(), &password_hash).await?;
    let kept = customer.session.hash();
    store::sessions::end_all(app.store.connection(), customer.id.as_str(), Some(&kept)).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT).then("/account?notice=password_changed"))
}

/// Mails the link that confirms the address once more.
#[utoipa::path(post, path = "/api/v1/me/resend-confirmation", tag = "accounts", responses(
    (status = 202, description = "The link is on its way, unless the address is confirmed already"),
    (status = 401, description = "`unauthenticated`", body = Problem),
    (status = 429, description = "`rate_limited`", body = Problem),
))]
pub(crate) async fn resend_confirmation(
    State(app): State<App>,
    customer: SignedIn,
) -> Result<Answer, ApiProblem> {
    if customer.account.email_confirmed_at.is_none() {
        app.rate_limits.count(format!("confirmation {}", customer.id), TRIES)?;
        app.outgoing_mail.write(&customer.account, Letter::ConfirmEmail).await?;
    }
    Ok(Answer::empty(StatusCode::ACCEPTED).then("/account?notice=confirmation_sent"))
}

pub(super) async fn shown(app: &App, account: &Account) -> Result<Me, ApiProblem> {
    let id = account.id.parse().map_err(|_| ApiProblem::internal())?;
    Ok(Me {
        balance: ledger::balance(app.store.connection(), &id).await?,
        id,
        email: account.email.clone(),
        email_confirmed: account.email_confirmed_at.is_some(),
        sender_name: account.sender_name.clone(),
        sender_number: account.sender_number.clone(),
        created_at: rfc3339(account.created_at),
    })
}
