//! Attempts, and the lanes to the numbers that are being called.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::{attempts, destination_lanes, faxes};
use attempts::{Column, Entity};

pub use attempts::Model as AttemptRow;

pub async fn insert(db: &impl ConnectionTrait, attempt: AttemptRow) -> Result<(), StoreError> {
    Entity::insert(attempt.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<AttemptRow>, StoreError> {
    Ok(Entity::find_by_id(id).one(db).await?)
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
        resolution: Set(attempt.resolution),
        remote_station_id: Set(attempt.remote_station_id),
        ..Default::default()
    };
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// The lowest channel of the trunk that carries no call; `None` when all `channels` of them do.
pub async fn free_channel(db: &impl ConnectionTrait, channels: u32) -> Result<Option<u32>, StoreError> {
    let lanes = destination_lanes::Entity::find().select_only().column(destination_lanes::Column::Channel);
    let busy: Vec<Option<i32>> = lanes.into_tuple().all(db).await?;
    let busy: HashSet<u32> =
        busy.into_iter().flatten().filter_map(|channel| channel.try_into().ok()).collect();
    Ok((1..=channels).find(|channel| !busy.contains(channel)))
}

/// Fails as a duplicate while the number is being called, or the channel is taken.
pub async fn occupy_lane(
    db: &impl ConnectionTrait,
    to_e164: &str,
    fax: &str,
    channel: Option<u32>,
) -> Result<(), StoreError> {
    let lane = destination_lanes::Model {
        to_e164: to_e164.to_owned(),
        fax_id: fax.to_owned(),
        channel: channel.and_then(|channel| channel.try_into().ok()),
    };
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

/// Frees the lanes of faxes that were canceled during a call, before `ended`: whoever was to hang up has died.
pub async fn leave_lanes_of_canceled(db: &impl ConnectionTrait, ended: i64) -> Result<u64, StoreError> {
    let called =
        Query::select().column(destination_lanes::Column::FaxId).from(destination_lanes::Entity).take();
    let found: Vec<String> = faxes::Entity::find()
        .select_only()
        .column(faxes::Column::Id)
        .filter(faxes::Column::Id.in_subquery(called))
        .filter(faxes::Column::Status.eq("canceled"))
        .filter(faxes::Column::CompletedAt.lte(ended))
        .into_tuple()
        .all(db)
        .await?;
    if found.is_empty() {
        return Ok(0);
    }
    let lanes = destination_lanes::Entity::delete_many();
    let freed = lanes.filter(destination_lanes::Column::FaxId.is_in(found)).exec(db).await?;
    Ok(freed.rows_affected)
}
