//! Uploaded documents; their pages are in files.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::documents::{Column, Entity};
use super::entities::faxes;

pub use super::entities::documents::Model as DocumentRow;
pub use super::sending::document as find;

pub async fn insert(db: &impl ConnectionTrait, document: DocumentRow) -> Result<(), StoreError> {
    document.into_active_model().insert(db).await?;
    Ok(())
}

pub async fn find_by_id(db: &impl ConnectionTrait, id: &str) -> Result<Option<DocumentRow>, StoreError> {
    Ok(Entity::find_by_id(id.to_owned()).one(db).await?)
}

pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(id.to_owned()).exec(db).await?;
    Ok(())
}

/// Whether a fax that is not at its end needs the document.
pub async fn is_needed(db: &impl ConnectionTrait, id: &str) -> Result<bool, StoreError> {
    let under_way = faxes::Entity::find()
        .filter(faxes::Column::DocumentId.eq(id))
        .filter(faxes::Column::CompletedAt.is_null())
        .count(db)
        .await?;
    Ok(under_way > 0)
}

/// Documents that expired and were never sent.
pub async fn expired(
    db: &impl ConnectionTrait,
    now: i64,
    limit: u64,
) -> Result<Vec<DocumentRow>, StoreError> {
    let query = Entity::find().filter(Column::ExpiresAt.lte(now)).order_by_asc(Column::ExpiresAt);
    Ok(query.limit(limit).all(db).await?)
}
