//! Pools of connections, and what happens while there is no database to be connected to.
//!
//! Aurora replaces a writer that fails within about half a minute: connections break, new ones are refused, and for a
//! while the old name leads to a server that only reads
//! (<https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html>). So a connection
//! proves that it can write before it is lent after trouble, and what failed without having happened is done again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions as _, Connection as _, Row};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, SqlxMySqlConnector,
    Statement,
};
use url::Url;

use super::failure;

/// A failover is over by then; what is asked for longer is answered with an error.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// A connection that was used so recently is lent unasked, unless there was trouble.
const FRESH: Duration = Duration::from_secs(1);
/// After trouble every connection is asked for so long (milliseconds).
const WARY: i64 = 60_000;
/// Connections are renewed, so that they spread over servers that were added.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A statement that takes longer is logged.
const SLOW: Duration = Duration::from_millis(500);
/// More than there are different statements.
const STATEMENTS: usize = 200;

/// Rows whose key is drawn at random for them alone, by table and key: if such a row is there, an earlier try has put it
/// there. These tables have no other unique key.
const DRAWN_KEYS: [(&str, &str); 7] = [
    ("checkouts", "id"),
    ("documents", "id"),
    ("outgoing_mail", "id"),
    ("queue_messages", "id"),
    ("quotes", "id"),
    ("sessions", "token_hash"),
    ("tokens", "token_hash"),
];

/// What a pool of connections is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Writing,
    Reading,
}

/// A pool of connections for single statements. Those that failed without having happened are asked again.
#[derive(Debug, Clone)]
pub struct Connection {
    pool: DatabaseConnection,
    trouble: Trouble,
}

/// When something last went wrong.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    start: Instant,
    last: Arc<AtomicI64>,
}

impl Trouble {
    fn none() -> Self {
        Self { start: Instant::now(), last: Arc::new(AtomicI64::new(-WARY)) }
    }

    pub(super) fn happened(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    fn is_recent(&self) -> bool {
        self.now() - self.last.load(Ordering::Relaxed) < WARY
    }

    fn now(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Waits between tries, twice as long each time, until patience ends.
pub(super) struct Retries {
    end: Instant,
    delay: Duration,
}

impl Retries {
    pub(super) fn begin() -> Self {
        Self { end: Instant::now() + PATIENCE, delay: FIRST_DELAY }
    }

    /// False when it has lasted too long.
    pub(super) async fn wait(&mut self) -> bool {
        // Servers that lost the same database must not come back in step.
        let delay = self.delay.mul_f64(0.5 + rand::random::<f64>());
        if Instant::now() + delay > self.end {
            return false;
        }
        tokio::time::sleep(delay).await;
        self.delay = (self.delay * 2).min(LONGEST_DELAY);
        true
    }
}

impl Connection {
    pub(super) fn new(pool: DatabaseConnection) -> Self {
        Self { pool, trouble: Trouble::none() }
    }

    /// A pool of at most `size` connections to a MySQL server. Connects when it is first asked.
    pub(super) fn to_mysql(url: &Url, size: u32, purpose: Purpose) -> Result<Self, DbErr> {
        let options: MySqlConnectOptions = url
            .as_str()
            .parse()
            .map_err(|_| DbErr::Custom("the database's address is not one of MySQL".to_owned()))?;
        // Without the values, which may be a customer's.
        let options = options
            .statement_cache_capacity(STATEMENTS)
            .log_statements(log::LevelFilter::Off)
            .log_slow_statements(log::LevelFilter::Warn, SLOW);
        let trouble = Trouble::none();
        let wary = trouble.clone();
        let pool = MySqlPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(PATIENCE)
            .max_lifetime(MAX_LIFETIME)
            .test_before_acquire(false)
            .after_connect(move |connection, _| Box::pin(prepare(connection, purpose)))
            .before_acquire(move |connection, meta| {
                let wary = wary.is_recent();
                Box::pin(async move {
                    if meta.idle_for < FRESH && !wary {
                        return Ok(true);
                    }
                    match purpose {
                        Purpose::Reading => connection.ping().await.map(|()| true),
                        Purpose::Writing => can_write(connection).await,
                    }
                })
            })
            .connect_lazy_with(options);
        Ok(Self { pool: SqlxMySqlConnector::from_sqlx_mysql_pool(pool), trouble })
    }

    /// Connections that are open, and how many of them nobody uses.
    pub fn usage(&self) -> (u32, usize) {
        match self.pool.get_database_backend() {
            DbBackend::MySql => {
                let pool = self.pool.get_mysql_connection_pool();
                (pool.size(), pool.num_idle())
            }
            _ => {
                let pool = self.pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
        }
    }

    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    pub(super) fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// Closes every connection; nothing is answered afterwards.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.pool.clone().close().await
    }

    /// Asks `statement` until it is answered, and `again` once it may have happened: without such a statement it is then
    /// asked no more.
    async fn persistently<T, A: Future<Output = Result<T, DbErr>>>(
        &self,
        statement: Statement,
        again: Option<Statement>,
        ask: impl Fn(Statement) -> A,
    ) -> Result<T, DbErr> {
        let mut retries = Retries::begin();
        let mut statement = statement;
        loop {
            let error = match ask(statement.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match (failure::of(&error), &again) {
                (failure::Failure::NotDone, _) => {}
                (failure::Failure::Unknown, Some(again)) => statement = again.clone(),
                (failure::Failure::Unknown, None) => {
                    self.trouble.happened();
                    return Err(error);
                }
                (failure::Failure::Lasting, _) => return Err(error),
            }
            self.trouble.happened();
            if !retries.wait().await {
                return Err(error);
            }
        }
    }
}

/// Read committed: a transaction sees what others have committed when it comes to write, as the versions of faxes and
/// the balances expect, and locks no gaps between rows.
async fn prepare(connection: &mut MySqlConnection, purpose: Purpose) -> Result<(), sqlx::Error> {
    sqlx::query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").execute(&mut *connection).await?;
    // No row is waited for longer than a customer waits for an answer.
    sqlx::query("SET SESSION innodb_lock_wait_timeout = 10").execute(&mut *connection).await?;
    if purpose == Purpose::Writing && !can_write(connection).await? {
        return Err(sqlx::Error::Protocol("the server only reads".to_owned()));
    }
    Ok(())
}

async fn can_write(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query("SELECT CAST(@@global.read_only + @@global.innodb_read_only AS SIGNED)");
    Ok(row.fetch_one(connection).await?.try_get::<i64, _>(0)? == 0)
}

/// The statement for when it may have happened already. A row that is there is answered as one that was inserted: the
/// driver counts rows that were found (CLIENT_FOUND_ROWS).
fn harmless_again(statement: &Statement) -> Option<Statement> {
    let Some(into) = statement.sql.strip_prefix("INSERT INTO `") else { return Some(statement.clone()) };
    let (_, key) = DRAWN_KEYS.iter().find(|(table, _)| into.split('`').next() == Some(*table))?;
    let sql = format!("{} ON DUPLICATE KEY UPDATE `{key}` = `{key}`", statement.sql);
    Some(Statement { sql, ..statement.clone() })
}

#[async_trait::async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let again = harmless_again(&statement);
        self.persistently(statement, again, |statement| self.pool.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.pool.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let again = Some(statement.clone());
        self.persistently(statement, again, |statement| self.pool.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let again = Some(statement.clone());
        self.persistently(statement, again, |statement| self.pool.query_all_raw(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.pool.support_returning()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_happened_is_asked_again_only_where_that_does_no_harm() {
        let again = |sql: &str| {
            let statement = Statement::from_string(DbBackend::MySql, sql);
            harmless_again(&statement).map(|statement| statement.sql)
        };
        assert_eq!(again("UPDATE `faxes` SET `version` = 2").unwrap(), "UPDATE `faxes` SET `version` = 2");
        assert_eq!(
            again("INSERT INTO `quotes` (`id`) VALUES (?)").unwrap(),
            "INSERT INTO `quotes` (`id`) VALUES (?) ON DUPLICATE KEY UPDATE `id` = `id`"
        );
        // Its key is the customer's, and another request may have used it meanwhile.
        assert_eq!(again("INSERT INTO `idempotency_keys` (`account_id`, `key`) VALUES (?, ?)"), None);
    }
}
