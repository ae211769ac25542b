//! The rows of the ledger. They are inserted and never changed.

use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::StoreError;
use super::entities::{accounts, ledger_entries, ledger_transactions};
use ledger_transactions::Column;

/// Lets others wait who would continue the same balance, where the database can do that; else they fail.
pub async fn lock(db: &impl ConnectionTrait, account: &str) -> Result<(), StoreError> {
    let id = accounts::Entity::find_by_id(account.to_owned()).select_only().column(accounts::Column::Id);
    id.lock_exclusive().into_tuple::<String>().one(db).await?;
    Ok(())
}

/// The transaction that holds the present balance of `account`.
pub async fn last(
    db: &impl ConnectionTrait,
    account: &str,
) -> Result<Option<ledger_transactions::Model>, StoreError> {
    Ok(ledger_transactions::Entity::find()
        .filter(Column::AccountId.eq(account))
        .order_by_desc(Column::Sequence)
        .one(db)
        .await?)
}

pub async fn insert(
    db: &impl ConnectionTrait,
    transaction: ledger_transactions::Model,
    entries: Vec<ledger_entries::Model>,
) -> Result<(), StoreError> {
    ledger_transactions::Entity::insert(transaction.into_active_model()).exec_without_returning(db).await?;
    let entries = entries.into_iter().map(IntoActiveModel::into_active_model);
    ledger_entries::Entity::insert_many(entries).exec_without_returning(db).await?;
    Ok(())
}

/// Transactions of these kinds, newest first, before the sequence number `before`.
pub async fn statement(
    db: &impl ConnectionTrait,
    account: &str,
    kinds: &[&str],
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<ledger_transactions::Model>, StoreError> {
    let mut query = ledger_transactions::Entity::find()
        .filter(Column::AccountId.eq(account))
        .filter(Column::Kind.is_in(kinds.iter().copied()));
    if let Some(before) = before {
        query = query.filter(Column::Sequence.lt(before));
    }
    Ok(query.order_by_desc(Column::Sequence).limit(limit).all(db).await?)
}

/// Accounts that have transactions or faxes, for a check: the next ones after `after`.
pub async fn account_ids(
    db: &impl ConnectionTrait,
    after: &str,
    limit: u64,
) -> Result<Vec<String>, StoreError> {
    Ok(accounts::Entity::find()
        .select_only()
        .column(accounts::Column::Id)
        .filter(accounts::Column::Id.gt(after))
        .order_by_asc(accounts::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

/// Every transaction of an account with its entries, oldest first.
pub async fn history(
    db: &impl ConnectionTrait,
    account: &str,
) -> Result<Vec<(ledger_transactions::Model, Vec<ledger_entries::Model>)>, StoreError> {
    let transactions = ledger_transactions::Entity::find()
        .filter(Column::AccountId.eq(account))
        .order_by_asc(Column::Sequence)
        .all(db)
        .await?;
    let mut history = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        let entries = ledger_entries::Entity::find()
            .filter(ledger_entries::Column::TransactionId.eq(transaction.id.as_str()))
            .all(db)
            .await?;
        history.push((transaction, entries));
    }
    Ok(history)
}

/// The sum of every entry there is, of every account.
pub async fn sum_of_entries(db: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let sum: Option<Option<i64>> = ledger_entries::Entity::find()
        .select_only()
        .expr(ledger_entries::Column::AmountMinor.sum().cast_as("SIGNED"))
        .into_tuple()
        .one(db)
        .await?;
    Ok(sum.flatten().unwrap_or(0))
}
