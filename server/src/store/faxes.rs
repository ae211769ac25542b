//! Faxes. [`write()`] is the only statement that changes one, and it changes nothing that somebody else has changed.

use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::{destination_lanes, faxes};
use crate::cursor::Cursor;
use faxes::{Column, Entity};

pub use faxes::Model as FaxRow;

pub async fn insert(db: &impl ConnectionTrait, fax: FaxRow) -> Result<(), StoreError> {
    Entity::insert(fax.into_active_model()).exec_without_returning(db).await?;
    Ok(())
}

pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<FaxRow>, StoreError> {
    Ok(Entity::find_by_id(id.to_owned()).one(db).await?)
}

pub async fn find_of_account(
    db: &impl ConnectionTrait,
    account: &str,
    id: &str,
) -> Result<Option<FaxRow>, StoreError> {
    Ok(Entity::find_by_id(id.to_owned()).filter(Column::AccountId.eq(account)).one(db).await?)
}

/// Writes `after` over the row as it was read, with the next version; `None` when it has been changed since.
pub async fn write(db: &impl ConnectionTrait, mut after: FaxRow) -> Result<Option<FaxRow>, StoreError> {
    let read = after.version;
    after.version += 1;
    let written = Entity::update_many()
        .col_expr(Column::Version, Expr::value(after.version))
        .col_expr(Column::Status, Expr::value(after.status.clone()))
        .col_expr(Column::AttemptsMade, Expr::value(after.attempts_made))
        .col_expr(Column::LineFailures, Expr::value(after.line_failures))
        .col_expr(Column::NextAttemptAt, Expr::value(after.next_attempt_at))
        .col_expr(Column::LeaseOwner, Expr::value(after.lease_owner.clone()))
        .col_expr(Column::LeaseUntil, Expr::value(after.lease_until))
        .col_expr(Column::CompletedAt, Expr::value(after.completed_at))
        .filter(Column::Id.eq(after.id.as_str()))
        .filter(Column::Version.eq(read))
        .exec(db)
        .await?;
    Ok((written.rows_affected == 1).then_some(after))
}

/// Faxes in `status` whose time has come, those that wait longest first.
pub async fn due(
    db: &impl ConnectionTrait,
    status: &str,
    now: i64,
    limit: u64,
) -> Result<Vec<FaxRow>, StoreError> {
    Ok(Entity::find()
        .filter(Column::Status.eq(status))
        .filter(Column::NextAttemptAt.lte(now))
        .order_by_asc(Column::NextAttemptAt)
        .limit(limit)
        .all(db)
        .await?)
}

/// The fax that waits longest for a call to a number that is not being called. It is locked until the transaction ends;
/// one that another server has locked is passed over, so that servers never wait for each other. With the index on
/// `(status, next_attempt_at)` it costs as much with a million faxes waiting as with ten.
pub async fn next_due(
    db: &impl ConnectionTrait,
    status: &str,
    now: i64,
) -> Result<Option<FaxRow>, StoreError> {
    let busy =
        Query::select().column(destination_lanes::Column::ToE164).from(destination_lanes::Entity).take();
    Ok(Entity::find()
        .filter(Column::Status.eq(status))
        .filter(Column::NextAttemptAt.lte(now))
        .filter(Column::ToE164.not_in_subquery(busy))
        .order_by_asc(Column::NextAttemptAt)
        .order_by_asc(Column::Id)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(db)
        .await?)
}

/// Since when the fax that waits longest in `status` is due.
pub async fn due_since(db: &impl ConnectionTrait, status: &str) -> Result<Option<i64>, StoreError> {
    let first = Entity::find().filter(Column::Status.eq(status)).filter(Column::NextAttemptAt.is_not_null());
    Ok(first.order_by_asc(Column::NextAttemptAt).one(db).await?.and_then(|fax| fax.next_attempt_at))
}

/// Faxes whose caller has not been heard of for too long.
pub async fn with_lease_ended(
    db: &impl ConnectionTrait,
    now: i64,
    limit: u64,
) -> Result<Vec<FaxRow>, StoreError> {
    Ok(Entity::find()
        .filter(Column::Status.eq("sending"))
        .filter(Column::LeaseUntil.lte(now))
        .order_by_asc(Column::LeaseUntil)
        .limit(limit)
        .all(db)
        .await?)
}

pub async fn of_account(db: &impl ConnectionTrait, account: &str) -> Result<Vec<FaxRow>, StoreError> {
    Ok(Entity::find().filter(Column::AccountId.eq(account)).all(db).await?)
}

/// Which faxes of a customer are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter<'a> {
    pub status: Option<&'a str>,
    /// Part of the document's name.
    pub name: Option<&'a str>,
    /// Part of the number, digits only. Either of the two is enough.
    pub digits: Option<&'a str>,
    pub created_after: Option<i64>,
    pub created_before: Option<i64>,
}

/// A customer's faxes, newest first, after `cursor`.
pub async fn list(
    db: &impl ConnectionTrait,
    account: &str,
    filter: &Filter<'_>,
    cursor: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<FaxRow>, StoreError> {
    let mut query = Entity::find().filter(Column::AccountId.eq(account));
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status));
    }
    if filter.name.is_some() || filter.digits.is_some() {
        let name = filter.name.map(|name| Expr::col(Column::DocumentName).like(containing(name)));
        let number = filter.digits.map(|digits| Expr::col(Column::ToE164).like(containing(digits)));
        query = query.filter(Condition::any().add_option(name).add_option(number));
    }
    if let Some(created_after) = filter.created_after {
        query = query.filter(Column::CreatedAt.gte(created_after));
    }
    if let Some(created_before) = filter.created_before {
        query = query.filter(Column::CreatedAt.lt(created_before));
    }
    if let Some(cursor) = cursor {
        query = query.filter(
            Condition::any().add(Column::CreatedAt.lt(cursor.position)).add(
                Condition::all()
                    .add(Column::CreatedAt.eq(cursor.position))
                    .add(Column::Id.lt(cursor.id.as_str())),
            ),
        );
    }
    Ok(query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// The escape character is one that MySQL does not take for its own.
const ESCAPE: char = '!';

fn containing(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape(ESCAPE)
}
