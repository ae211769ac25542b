//! The database, and all SQL of the server. SQLite needs nothing installed and is the default, Aurora MySQL is what
//! production uses; the schema and the statements are one, in what both understand. MySQL here is 8.0 as Aurora
//! speaks it, later releases of it, and MariaDB.
//!
//! SQLite has one connection: writes would wait for each other anyway, and so they cannot deadlock. While a
//! [`Transaction`] is open everything is asked through it; asking the store itself would wait for ever.

use std::path::Path;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, Database, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqlErr,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use url::Url;

/// What statements are asked through: the store's connection, or a transaction.
pub use connection::Connection;
pub use sea_orm::ConnectionTrait;

pub mod accounts;
pub mod attempts;
pub mod checkouts;
mod connection;
pub mod documents;
pub mod entities;
mod failure;
pub mod faxes;
pub mod fences;
pub mod idempotency;
pub mod ledger;
pub mod messages;
mod migrations;
pub mod numbers;
pub mod outbox;
pub mod outgoing_mail;
pub mod quotes;
pub mod received_faxes;
pub mod sending;
pub mod sessions;

use connection::{Purpose, Retries};
use failure::Failure;

/// A health check does not wait for a failover to end.
const HEALTH_PATIENCE: Duration = Duration::from_secs(2);

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

    /// The database is away; nothing is wrong with what was asked.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Database(error) if failure::is_outage(error))
    }
}

/// An error behind which the database may stand.
pub trait FromStore {
    fn store_error(&self) -> Option<&StoreError>;
}

impl FromStore for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// Statements that happen together or not at all. Dropped without `commit`, none happened.
pub type Transaction = DatabaseTransaction;

/// Which time it is that something is done. After the first, it may have happened already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    First,
    Again,
}

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Connection,
    reader: Connection,
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
        let only = Connection::new(Database::connect(options).await?);
        Ok(Self { writer: only.clone(), reader: only })
    }

    /// A MySQL server, and its replicas when they have an address of their own. At most `connections` to each.
    pub fn open_mysql(writer: &Url, reader: Option<&Url>, connections: u32) -> Result<Self, StoreError> {
        let purpose = if reader.is_some() { Purpose::Reading } else { Purpose::Writing };
        let writer_pool = Connection::to_mysql(writer, connections, Purpose::Writing)?;
        let reader = match reader {
            Some(reader) => Connection::to_mysql(reader, connections, purpose)?,
            None => writer_pool.clone(),
        };
        Ok(Self { writer: writer_pool, reader })
    }

    /// Brings the schema up to this release. Of servers that start at once one does it, the others wait.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let turn = migrations::Turn::wait(self.writer.pool()).await?;
        let migrated = migrations::Migrator::up(self.writer.pool(), None).await;
        turn.end().await;
        Ok(migrated?)
    }

    /// Asks the database for nothing, and waits for its answer.
    pub async fn is_reachable(&self) -> Result<(), StoreError> {
        let answered = tokio::time::timeout(HEALTH_PATIENCE, self.writer.pool().ping()).await;
        Ok(answered.map_err(|_| DbErr::Custom("the database does not answer".to_owned()))??)
    }

    /// For single statements. Not while a transaction of the same task is open.
    pub fn connection(&self) -> &Connection {
        &self.writer
    }

    /// For what may be some seconds old: nothing that a customer looks at, who may just have written it.
    pub fn replica(&self) -> &Connection {
        &self.reader
    }

    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(self.writer.pool().begin().await?)
    }

    /// A transaction in which every statement sees the same moment. It writes nothing.
    pub async fn snapshot(&self) -> Result<Transaction, StoreError> {
        let pool = self.reader.pool();
        Ok(match self.reader.get_database_backend() {
            DbBackend::MySql => {
                let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
                pool.begin_with_config(Some(level), Some(mode)).await?
            }
            _ => pool.begin().await?,
        })
    }

    /// Carries out a transaction, again from its beginning while the database is away or another transaction is in its
    /// way. `work` must bear that an earlier try of it has happened after all: an answer may be lost behind a commit.
    pub async fn patiently<T, E: FromStore, W: Future<Output = Result<T, E>>>(
        &self,
        work: impl Fn(Try) -> W,
    ) -> Result<T, E> {
        let mut retries = Retries::begin();
        let mut which = Try::First;
        loop {
            let error = match work(which).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let Some(StoreError::Database(cause)) = error.store_error() else { return Err(error) };
            if failure::of(cause) == Failure::Lasting {
                return Err(error);
            }
            self.writer.trouble().happened();
            tracing::warn!(error = cause as &dyn std::error::Error, "transaction_failed");
            if !retries.wait().await {
                return Err(error);
            }
            which = Try::Again;
        }
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
