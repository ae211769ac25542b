//! The rows of the embedded queue.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::queue_messages::{ActiveModel, Column, Entity, Model};

pub use super::entities::queue_messages::Model as MessageRow;

/// Received so often, a message is given up, as SQS does by its redrive policy.
const MAX_RECEIVES: i32 = 20;

pub struct NewMessage<'a> {
    pub id: String,
    pub queue: &'a str,
    pub payload: &'a str,
    pub deliver_at: i64,
    pub now: i64,
}

pub async fn insert(db: &impl ConnectionTrait, message: NewMessage<'_>) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(message.id),
        queue: Set(message.queue.to_owned()),
        payload: Set(message.payload.to_owned()),
        visible_at: Set(message.deliver_at),
        receives: Set(0),
        created_at: Set(message.now),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub async fn due(
    db: &impl ConnectionTrait,
    queue: &str,
    now: i64,
    limit: u32,
) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find()
        .filter(Column::Queue.eq(queue))
        .filter(Column::VisibleAt.lte(now))
        .filter(Column::Receives.lt(MAX_RECEIVES))
        .order_by_asc(Column::VisibleAt)
        .limit(u64::from(limit))
        .all(db)
        .await?)
}

/// Hides the message until `visible_at`; false when another receiver was faster.
pub async fn take(db: &impl ConnectionTrait, message: &Model, visible_at: i64) -> Result<bool, StoreError> {
    let taken = Entity::update_many()
        .col_expr(Column::VisibleAt, Expr::value(visible_at))
        .col_expr(Column::Receives, Expr::value(message.receives + 1))
        .filter(Column::Id.eq(message.id.as_str()))
        .filter(Column::Receives.eq(message.receives))
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Deletes the message if it has not been received again since.
pub async fn remove(db: &impl ConnectionTrait, id: &str, receives: i32) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::Receives.eq(receives)).exec(db).await?;
    Ok(())
}

/// Messages that were given up.
pub async fn dead(db: &impl ConnectionTrait, queue: &str, limit: u32) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find()
        .filter(Column::Queue.eq(queue))
        .filter(Column::Receives.gte(MAX_RECEIVES))
        .order_by_asc(Column::VisibleAt)
        .limit(u64::from(limit))
        .all(db)
        .await?)
}

/// Lets the message be received again, as if it never had been.
pub async fn revive(db: &impl ConnectionTrait, id: &str, now: i64) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::VisibleAt, Expr::value(now))
        .col_expr(Column::Receives, Expr::value(0))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
