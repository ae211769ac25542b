//! The greatest fence that each lock has shown here. Whoever comes with a smaller one has lost the lock since.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::StoreError;
use super::entities::fences::{Column, Entity, Model};
use crate::locks::{Fence, LockName};

/// Whether nobody has shown a greater fence.
pub async fn pass(db: &impl ConnectionTrait, lock: LockName, fence: Fence) -> Result<bool, StoreError> {
    let first = Model { name: lock.as_str().to_owned(), token: 0 }.into_active_model();
    let existing = OnConflict::column(Column::Name).update_column(Column::Name).to_owned();
    Entity::insert(first).on_conflict(existing).exec_without_returning(db).await?;
    let passed = Entity::update_many()
        .col_expr(Column::Token, Expr::value(fence.0))
        .filter(Column::Name.eq(lock.as_str()))
        .filter(Column::Token.lte(fence.0))
        .exec(db)
        .await?;
    Ok(passed.rows_affected == 1)
}
