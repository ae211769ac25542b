//! Attempts, and the lanes to the numbers that are being called.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::StoreError;
use super::entities::{attempts, destination_lanes};
use attempts::{Column, Entity};

pub use attempts::Model as AttemptRow;

pub async fn insert(db: &impl ConnectionTrait, attempt: AttemptRow) -> Result<(), StoreError> {
    Entity::insert(attempt.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

/// The attempts of a fax, the first one first.
pub async fn of_fax(db: &impl ConnectionTrait, fax: &str) -> Result<Vec<AttemptRow>, StoreError> {
    Ok(Entity::find().filter(Column::FaxId.eq(fax)).order_by_asc(Column::Number).all(db).await?)
}

/// The attempt that has not ended.
pub async fn open(db: &impl ConnectionTrait, fax: &str) -> Result<Option<AttemptRow>, StoreError> {
    Ok(Entity::find().filter(Column::FaxId.eq(fax)).filter(Column::EndedAt.is_null()).one(db).await?)
}

pub async fn confirm_pages(db: &impl ConnectionTrait, id: &str, pages: i32) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::PagesConfirmed, Expr::value(pages))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Writes how the attempt ended.
pub async fn end(db: &impl ConnectionTrait, attempt: AttemptRow) -> Result<(), StoreError> {
    let row = attempts::ActiveModel {
        id: Unchanged(attempt.id),
        ended_at: Set(attempt.ended_at),
        outcome: Set(attempt.outcome),
        pages_confirmed: Set(attempt.pages_confirmed),
        q850_cause: Set(attempt.q850_cause),
        t30_status: Set(attempt.t30_status),
        bit_rate: Set(attempt.bit_rate),
        remote_station_id: Set(attempt.remote_station_id),
        ..Default::default()
    };
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// Fails as a duplicate while the number is being called.
pub async fn occupy_lane(db: &impl ConnectionTrait, to_e164: &str, fax: &str) -> Result<(), StoreError> {
    let lane = destination_lanes::Model { to_e164: to_e164.to_owned(), fax_id: fax.to_owned() };
    destination_lanes::Entity::insert(lane.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

pub async fn leave_lane(db: &impl ConnectionTrait, fax: &str) -> Result<(), StoreError> {
    destination_lanes::Entity::delete_many()
        .filter(destination_lanes::Column::FaxId.eq(fax))
        .exec(db)
        .await?;
    Ok(())
}
