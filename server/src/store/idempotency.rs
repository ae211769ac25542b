//! Requests that may be repeated: what was asked under a key, and what was answered.

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

pub async fn answer(
    db: &impl ConnectionTrait,
    account: &str,
    key: &str,
    status: i32,
    body: &str,
) -> Result<(), StoreError> {
    let update = Entity::update_many()
        .col_expr(Column::ResponseStatus, Expr::value(Some(status)))
        .col_expr(Column::ResponseBody, Expr::value(Some(body)));
    update.filter(Column::AccountId.eq(account)).filter(Column::Key.eq(key)).exec(db).await?;
    Ok(())
}

/// Nothing was done under the key, so it may be used again.
pub async fn forget(db: &impl ConnectionTrait, account: &str, key: &str) -> Result<(), StoreError> {
    Entity::delete_by_id((account.to_owned(), key.to_owned())).exec(db).await?;
    Ok(())
}

pub async fn forget_before(db: &impl ConnectionTrait, moment: i64) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::CreatedAt.lt(moment)).exec(db).await?;
    Ok(())
}
