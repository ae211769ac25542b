//! Sessions, and tokens that were mailed. Both are found by the hash of their secret.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::StoreError;
use super::accounts::Account;
use super::entities::{accounts, sessions, tokens};

pub use super::entities::sessions::Model as Session;
pub use super::entities::tokens::Model as MailedToken;

pub async fn insert(db: &impl ConnectionTrait, session: Session) -> Result<(), StoreError> {
    session.into_active_model().insert(db).await?;
    Ok(())
}

/// The account of a session that has not ended.
pub async fn account(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: i64,
) -> Result<Option<Account>, StoreError> {
    let session = sessions::Entity::find_by_id(token_hash.to_owned())
        .filter(sessions::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    let Some(session) = session else { return Ok(None) };
    Ok(accounts::Entity::find_by_id(session.account_id).one(db).await?)
}

pub async fn end(db: &impl ConnectionTrait, token_hash: &str) -> Result<(), StoreError> {
    sessions::Entity::delete_by_id(token_hash.to_owned()).exec(db).await?;
    Ok(())
}

/// Ends every session of an account but the one that is kept, if any.
pub async fn end_all(db: &impl ConnectionTrait, account: &str, kept: Option<&str>) -> Result<(), StoreError> {
    let delete = sessions::Entity::delete_many().filter(sessions::Column::AccountId.eq(account));
    delete.filter(sessions::Column::TokenHash.ne(kept.unwrap_or(""))).exec(db).await?;
    Ok(())
}

pub async fn end_expired(db: &impl ConnectionTrait, now: i64) -> Result<(), StoreError> {
    sessions::Entity::delete_many().filter(sessions::Column::ExpiresAt.lte(now)).exec(db).await?;
    tokens::Entity::delete_many().filter(tokens::Column::ExpiresAt.lte(now)).exec(db).await?;
    Ok(())
}

pub async fn insert_token(db: &impl ConnectionTrait, token: MailedToken) -> Result<(), StoreError> {
    token.into_active_model().insert(db).await?;
    Ok(())
}

/// Uses a token up; `None` when there is none, it has ended, or it was used before.
pub async fn take_token(
    db: &impl ConnectionTrait,
    token_hash: &str,
    purpose: &str,
    now: i64,
) -> Result<Option<MailedToken>, StoreError> {
    let token = tokens::Entity::find_by_id(token_hash.to_owned())
        .filter(tokens::Column::Purpose.eq(purpose))
        .filter(tokens::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    let Some(token) = token else { return Ok(None) };
    let deleted = tokens::Entity::delete_by_id(token_hash.to_owned()).exec(db).await?;
    // Of two who use it at once one deletes it.
    Ok((deleted.rows_affected == 1).then_some(token))
}
