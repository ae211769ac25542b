//! Requests that may be repeated: what was asked under a key, which fax it makes, and what was answered.
//!
//! A key belongs to one request at a time, until `claimed_until`; after that another request may take it over. Whoever
//! has lost a key changes nothing of it any more.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::StoreError;
use super::entities::idempotency_keys::{Column, Entity};

pub use super::entities::idempotency_keys::Model as IdempotencyKey;

/// A duplicate (see [`StoreError::is_duplicate`]) when the key was used before.
pub async fn insert(db: &impl ConnectionTrait, key: IdempotencyKey) -> Result<(), StoreError> {
    key.into_active_model().insert(db).await?;
    Ok(())
}

pub async fn find(
    db: &impl ConnectionTrait,
    account: &str,
    key: &str,
) -> Result<Option<IdempotencyKey>, StoreError> {
    Ok(Entity::find_by_id((account.to_owned(), key.to_owned())).one(db).await?)
}

/// Claims the key, as it was read, until another moment; false when somebody else was faster. A moment that has passed
/// gives the key free.
pub async fn claim(
    db: &impl ConnectionTrait,
    key: &IdempotencyKey,
    claimed_until: i64,
) -> Result<bool, StoreError> {
    let update = Entity::update_many()
        .col_expr(Column::ClaimedUntil, Expr::value(claimed_until))
        .filter(Column::AccountId.eq(key.account_id.as_str()))
        .filter(Column::Key.eq(key.key.as_str()))
        .filter(Column::ClaimedUntil.eq(key.claimed_until))
        .filter(Column::ResponseBody.is_null());
    Ok(update.exec(db).await?.rows_affected == 1)
}

pub async fn answer(
    db: &impl ConnectionTrait,
    key: &IdempotencyKey,
    status: i32,
    body: &str,
) -> Result<(), StoreError> {
    let update = Entity::update_many()
        .col_expr(Column::ResponseStatus, Expr::value(Some(status)))
        .col_expr(Column::ResponseBody, Expr::value(Some(body)))
        .filter(Column::AccountId.eq(key.account_id.as_str()))
        .filter(Column::Key.eq(key.key.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// Nothing was done under the key, so it may be used again, even for another request.
pub async fn forget(db: &impl ConnectionTrait, key: &IdempotencyKey) -> Result<(), StoreError> {
    Entity::delete_by_id((key.account_id.clone(), key.key.clone()))
        .filter(Column::ClaimedUntil.eq(key.claimed_until))
        .filter(Column::ResponseBody.is_null())
        .exec(db)
        .await?;
    Ok(())
}

pub async fn forget_before(db: &impl ConnectionTrait, moment: i64) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::CreatedAt.lt(moment)).exec(db).await?;
    Ok(())
}
