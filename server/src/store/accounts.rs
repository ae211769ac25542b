//! Accounts.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::StoreError;
use super::entities::accounts::{Column, Entity};

pub use super::entities::accounts::Model as Account;

/// A duplicate (see [`StoreError::is_duplicate`]) when the address is taken.
pub async fn insert(db: &impl ConnectionTrait, account: Account) -> Result<(), StoreError> {
    account.into_active_model().insert(db).await?;
    Ok(())
}

pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Account>, StoreError> {
    Ok(Entity::find_by_id(id.to_owned()).one(db).await?)
}

pub async fn find_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<Account>, StoreError> {
    Ok(Entity::find().filter(Column::Email.eq(email)).one(db).await?)
}

/// The first confirmation counts.
pub async fn confirm_email(db: &impl ConnectionTrait, id: &str, now: i64) -> Result<(), StoreError> {
    let update = Entity::update_many().col_expr(Column::EmailConfirmedAt, Expr::value(Some(now)));
    update.filter(Column::Id.eq(id)).filter(Column::EmailConfirmedAt.is_null()).exec(db).await?;
    Ok(())
}

pub async fn set_password(db: &impl ConnectionTrait, id: &str, hash: &str) -> Result<(), StoreError> {
    let update = Entity::update_many().col_expr(Column::PasswordHash, Expr::value(hash));
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

pub async fn set_sender(
    db: &impl ConnectionTrait,
    id: &str,
    name: &str,
    number: &str,
) -> Result<(), StoreError> {
    let update = Entity::update_many()
        .col_expr(Column::SenderName, Expr::value(name))
        .col_expr(Column::SenderNumber, Expr::value(number));
    update.filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}
