//! Our own numbers.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::StoreError;
use super::entities::numbers::{Column, Entity};

pub use super::entities::numbers::Model as NumberRow;

/// Fails as a duplicate when the number belongs to an account.
pub async fn insert(db: &impl ConnectionTrait, number: NumberRow) -> Result<(), StoreError> {
    Entity::insert(number.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// Whether there was such a number.
pub async fn delete(db: &impl ConnectionTrait, e164: &str) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(e164).exec(db).await?.rows_affected == 1)
}

pub async fn find(db: &impl ConnectionTrait, e164: &str) -> Result<Option<NumberRow>, StoreError> {
    Ok(Entity::find_by_id(e164).one(db).await?)
}

pub async fn of_account(db: &impl ConnectionTrait, account: &str) -> Result<Vec<NumberRow>, StoreError> {
    Ok(Entity::find().filter(Column::AccountId.eq(account)).order_by_asc(Column::E164).all(db).await?)
}

pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<NumberRow>, StoreError> {
    Ok(Entity::find().order_by_asc(Column::E164).all(db).await?)
}
