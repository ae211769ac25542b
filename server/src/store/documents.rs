//! Uploaded documents; their pages are in files.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DeleteMany, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
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

/// A customer's document of the same content, the latest of several.
pub async fn find_by_content(
    db: &impl ConnectionTrait,
    account: &str,
    content_hash: &str,
) -> Result<Option<DocumentRow>, StoreError> {
    let query = Entity::find().filter(Column::AccountId.eq(account));
    let query = query.filter(Column::ContentHash.eq(content_hash)).order_by_desc(Column::CreatedAt);
    Ok(query.one(db).await?)
}

/// Lets a fax that is being accepted with this document be seen, where the database can wait for it: whoever accepts one
/// has locked the document before.
pub async fn lock(db: &impl ConnectionTrait, id: &str) -> Result<(), StoreError> {
    Entity::find_by_id(id.to_owned()).lock_exclusive().one(db).await?;
    Ok(())
}

/// Deletes a document that no fax under way needs; false when one does. It is one statement, so that no fax is accepted
/// in between.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<bool, StoreError> {
    Ok(unneeded(id).exec(db).await?.rows_affected == 1)
}

/// Deletes a document that has expired by `now`; false when it has been sent since it was found.
pub async fn delete_expired(db: &impl ConnectionTrait, id: &str, now: i64) -> Result<bool, StoreError> {
    Ok(unneeded(id).filter(Column::ExpiresAt.lte(now)).exec(db).await?.rows_affected == 1)
}

fn unneeded(id: &str) -> DeleteMany<Entity> {
    let under_way = Query::select()
        .column(faxes::Column::DocumentId)
        .from(faxes::Entity)
        .and_where(faxes::Column::DocumentId.eq(id))
        .and_where(faxes::Column::CompletedAt.is_null())
        .take();
    Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::Id.not_in_subquery(under_way))
}

/// A fax with the document has ended: the document is kept until `until`, or as long as other faxes need it.
pub async fn expire_with_fax(db: &impl ConnectionTrait, id: &str, until: i64) -> Result<(), StoreError> {
    let update = Entity::update_many().col_expr(Column::ExpiresAt, Expr::value(until));
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Which of these documents there are.
pub async fn existing(db: &impl ConnectionTrait, ids: &[String]) -> Result<Vec<String>, StoreError> {
    let found = Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(ids));
    Ok(found.into_tuple().all(db).await?)
}

/// Documents whose time is over, those first that have waited longest. One that is being sent again may be among them.
pub async fn expired(
    db: &impl ConnectionTrait,
    now: i64,
    limit: u64,
) -> Result<Vec<DocumentRow>, StoreError> {
    let query = Entity::find().filter(Column::ExpiresAt.lte(now)).order_by_asc(Column::ExpiresAt);
    Ok(query.limit(limit).all(db).await?)
}
