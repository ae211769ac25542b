//! The database, and all SQL of the server. SQLite needs nothing installed and is the default; the schema and the
//! statements keep to what MySQL understands too.
//!
//! SQLite has one connection: writes would wait for each other anyway, and so they cannot deadlock. While a
//! [`Transaction`] is open everything is asked through it; asking the store itself would wait for ever.

use std::path::Path;
use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, SqlErr, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

/// What statements are asked through: the store's connection, or a transaction.
pub use sea_orm::ConnectionTrait;

pub mod accounts;
pub mod attempts;
pub mod checkouts;
pub mod documents;
pub mod entities;
pub mod faxes;
pub mod idempotency;
pub mod ledger;
pub mod messages;
mod migrations;
pub mod outbox;
pub mod quotes;
pub mod sending;
pub mod sessions;

/// A statement failed, or a row holds what this program never writes.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database failed")]
    Database(#[from] DbErr),
    #[error("the row {id} of {table} holds what no release of this program writes")]
    Corrupt { table: &'static str, id: String },
}

impl StoreError {
    /// A row with the same unique key exists: somebody else did it first.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(error)
            if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }
}

/// Statements that happen together or not at all. Dropped without `commit`, none happened.
pub type Transaction = DatabaseTransaction;

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    connection: DatabaseConnection,
}

impl Store {
    /// Opens the SQLite file at `path`, which is created when it does not exist.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let mut options = ConnectOptions::new("sqlite://faxdroid");
        // A check of the ledger or a backup may read beside the server, hence the write-ahead log and the patience.
        options.map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .filename(&path)
                .create_if_missing(true)
                .pragma("journal_mode", "WAL")
                .busy_timeout(Duration::from_secs(10))
        });
        Self::connect(options).await
    }

    /// A database that ends with the store.
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        Self::connect(ConnectOptions::new("sqlite::memory:")).await
    }

    /// The one connection is never closed for idleness or age: a database in memory would end with it.
    async fn connect(mut options: ConnectOptions) -> Result<Self, StoreError> {
        options
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .sqlx_logging(false);
        Ok(Self { connection: Database::connect(options).await? })
    }

    /// Brings the schema up to this release.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(migrations::Migrator::up(&self.connection, None).await?)
    }

    /// Asks the database for nothing, and waits for its answer.
    pub async fn is_reachable(&self) -> Result<(), StoreError> {
        Ok(self.connection.ping().await?)
    }

    /// For single statements. Not while a transaction of the same task is open.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(self.connection.begin().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn migrating_twice_changes_nothing() {
        let store = Store::open_in_memory().await.unwrap();
        store.migrate().await.unwrap();
        store.migrate().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_is_created_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faxdroid.sqlite");
        Store::open(&path).await.unwrap().migrate().await.unwrap();
        Store::open(&path).await.unwrap().migrate().await.unwrap();
    }
}
