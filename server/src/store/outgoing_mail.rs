//! What customers are to be written.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::StoreError;
use super::entities::outgoing_mail::{Column, Entity};

pub use super::entities::outgoing_mail::Model as OutgoingMailRow;

pub async fn insert(db: &impl ConnectionTrait, row: OutgoingMailRow) -> Result<(), StoreError> {
    // Not read back: it may be sent, and gone, before that.
    Entity::insert(row.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

pub async fn due(
    db: &impl ConnectionTrait,
    now: i64,
    limit: u64,
) -> Result<Vec<OutgoingMailRow>, StoreError> {
    let query = Entity::find().filter(Column::DueAt.lte(now)).order_by_asc(Column::DueAt);
    Ok(query.limit(limit).all(db).await?)
}

/// How often it was tried to send the mail that was tried most; 0 when none waits.
pub async fn most_tries(db: &impl ConnectionTrait) -> Result<i32, StoreError> {
    let most = Entity::find().select_only().column_as(Column::Tries.max(), "most");
    Ok(most.into_tuple::<Option<i32>>().one(db).await?.flatten().unwrap_or(0))
}

/// Takes a mail to be sent until `until`; false when another server has it.
pub async fn take(db: &impl ConnectionTrait, row: &OutgoingMailRow, until: i64) -> Result<bool, StoreError> {
    let update = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .col_expr(Column::Tries, Expr::value(row.tries + 1));
    let update = update.filter(Column::Id.eq(&row.id)).filter(Column::DueAt.eq(row.due_at));
    Ok(update.filter(Column::Tries.eq(row.tries)).exec(db).await?.rows_affected == 1)
}

pub async fn postpone(db: &impl ConnectionTrait, id: &str, due_at: i64) -> Result<(), StoreError> {
    let update = Entity::update_many().col_expr(Column::DueAt, Expr::value(due_at));
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(id.to_owned()).exec(db).await?;
    Ok(())
}

pub async fn count(db: &impl ConnectionTrait) -> Result<u64, StoreError> {
    Ok(Entity::find().count(db).await?)
}
