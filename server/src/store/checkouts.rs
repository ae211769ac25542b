//! Purchases of credits.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::StoreError;
use super::entities::checkouts::{Column, Entity};

pub use super::entities::checkouts::Model as CheckoutRow;

pub async fn insert(db: &impl ConnectionTrait, checkout: CheckoutRow) -> Result<(), StoreError> {
    checkout.into_active_model().insert(db).await?;
    Ok(())
}

pub async fn find(
    db: &impl ConnectionTrait,
    account: &str,
    id: &str,
) -> Result<Option<CheckoutRow>, StoreError> {
    Ok(Entity::find_by_id(id.to_owned()).filter(Column::AccountId.eq(account)).one(db).await?)
}

/// For what the payment provider says, who knows no accounts.
pub async fn find_whoevers(db: &impl ConnectionTrait, id: &str) -> Result<Option<CheckoutRow>, StoreError> {
    Ok(Entity::find_by_id(id.to_owned()).one(db).await?)
}

/// Keeps what the payment provider calls a purchase.
pub async fn set_provider_reference(
    db: &impl ConnectionTrait,
    id: &str,
    reference: &str,
) -> Result<(), StoreError> {
    let update = Entity::update_many().col_expr(Column::ProviderReference, Expr::value(reference));
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Moves a purchase on; false when it was no longer at `from`, because somebody else moved it.
pub async fn set_status(
    db: &impl ConnectionTrait,
    id: &str,
    from: &str,
    to: &str,
    dispute_due_at: Option<i64>,
) -> Result<bool, StoreError> {
    let update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::DisputeDueAt, Expr::value(dispute_due_at));
    let moved = update.filter(Column::Id.eq(id)).filter(Column::Status.eq(from)).exec(db).await?;
    Ok(moved.rows_affected == 1)
}

pub async fn dispute_due(
    db: &impl ConnectionTrait,
    now: i64,
    limit: u64,
) -> Result<Vec<CheckoutRow>, StoreError> {
    let query = Entity::find().filter(Column::DisputeDueAt.lte(now)).order_by_asc(Column::DisputeDueAt);
    Ok(query.limit(limit).all(db).await?)
}
