//! The outbox's rows.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::outbox::{ActiveModel, COLUMN, Column, Entity, Model};

pub use super::entities::outbox::Model as OutboxRow;

pub async fn insert(
    db: &impl ConnectionTrait,
    id: String,
    queue: &str,
    payload: &str,
    deliver_at: i64,
    now: i64,
) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(id),
        queue: Set(queue.to_owned()),
        payload: Set(payload.to_owned()),
        deliver_at: Set(deliver_at),
        created_at: Set(now),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

pub async fn oldest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<Model>, StoreError> {
    Ok(Entity::find().order_by_asc(COLUMN.id).limit(limit).all(db).await?)
}

pub async fn remove(db: &impl ConnectionTrait, ids: &[String]) -> Result<(), StoreError> {
    Entity::delete_many().filter(Column::Id.is_in(ids)).exec(db).await?;
    Ok(())
}
