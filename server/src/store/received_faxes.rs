//! Faxes that came in.

use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::received_faxes::{Column, Entity};
use crate::cursor::Cursor;

pub use super::entities::received_faxes::Model as ReceivedFaxRow;

/// Fails as a duplicate when the call has been recorded.
pub async fn insert(db: &impl ConnectionTrait, fax: ReceivedFaxRow) -> Result<(), StoreError> {
    Entity::insert(fax.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

pub async fn find_of_account(
    db: &impl ConnectionTrait,
    account: &str,
    id: &str,
) -> Result<Option<ReceivedFaxRow>, StoreError> {
    Ok(Entity::find_by_id(id).filter(Column::AccountId.eq(account)).one(db).await?)
}

/// Whether there was such a fax.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<bool, StoreError> {
    Ok(Entity::delete_by_id(id).exec(db).await?.rows_affected == 1)
}

/// Whether this call has been recorded.
pub async fn of_call(db: &impl ConnectionTrait, call_id: &str) -> Result<Option<ReceivedFaxRow>, StoreError> {
    Ok(Entity::find().filter(Column::CallId.eq(call_id)).one(db).await?)
}

/// A customer's, newest first, after `cursor`.
pub async fn list(
    db: &impl ConnectionTrait,
    account: &str,
    cursor: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<ReceivedFaxRow>, StoreError> {
    let mut query = Entity::find().filter(Column::AccountId.eq(account));
    if let Some(cursor) = cursor {
        query = query.filter(
            Condition::any().add(Column::ReceivedAt.lt(cursor.position)).add(
                Condition::all()
                    .add(Column::ReceivedAt.eq(cursor.position))
                    .add(Column::Id.lt(cursor.id.as_str())),
            ),
        );
    }
    Ok(query.order_by_desc(Column::ReceivedAt).order_by_desc(Column::Id).limit(limit).all(db).await?)
}
