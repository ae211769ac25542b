//! What the transaction that accepts a fax reads and writes beside the fax: the quote, the sender and the document.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::StoreError;
use super::entities::{accounts, documents, quotes};

/// The customer, locked until the transaction ends where the database can do that.
pub async fn sender(db: &impl ConnectionTrait, account: &str) -> Result<Option<accounts::Model>, StoreError> {
    Ok(accounts::Entity::find_by_id(account.to_owned()).lock_exclusive().one(db).await?)
}

pub async fn quote(
    db: &impl ConnectionTrait,
    account: &str,
    quote: &str,
) -> Result<Option<quotes::Model>, StoreError> {
    let query = quotes::Entity::find_by_id(quote.to_owned());
    Ok(query.filter(quotes::Column::AccountId.eq(account)).one(db).await?)
}

/// Marks the quote as used by `fax`; false when another fax was faster.
pub async fn use_quote(db: &impl ConnectionTrait, quote: &str, fax: &str) -> Result<bool, StoreError> {
    let used = quotes::Entity::update_many()
        .col_expr(quotes::Column::FaxId, Expr::value(fax))
        .filter(quotes::Column::Id.eq(quote))
        .filter(quotes::Column::FaxId.is_null())
        .exec(db)
        .await?;
    Ok(used.rows_affected == 1)
}

pub async fn document(
    db: &impl ConnectionTrait,
    account: &str,
    document: &str,
) -> Result<Option<documents::Model>, StoreError> {
    let query = documents::Entity::find_by_id(document.to_owned());
    Ok(query.filter(documents::Column::AccountId.eq(account)).one(db).await?)
}

/// A document that is sent does not expire; false when it has been deleted.
pub async fn keep_document(db: &impl ConnectionTrait, document: &str) -> Result<bool, StoreError> {
    let kept = documents::Entity::update_many()
        .col_expr(documents::Column::ExpiresAt, Expr::value(None::<i64>))
        .filter(documents::Column::Id.eq(document))
        .exec(db)
        .await?;
    Ok(kept.rows_affected == 1)
}
