//! Changes of the schema, in order. Before a release a migration only expands what is there, after it another
//! contracts: two releases run side by side while servers are replaced.

use sea_orm::sqlx::{self, MySql, pool::PoolConnection};
use sea_orm::{DatabaseConnection, DbBackend, RuntimeErr};
use sea_orm_migration::prelude::*;

mod m20261123_000001_first_tables;
mod m20261123_000002_idempotency_claims;
mod m20261124_000003_fences;
mod m20261125_000004_outgoing_mail;
mod m20261125_000005_found_by_index;
mod m20261125_000006_line;

pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_first_tables::Migration),
            Box::new(m20261123_000002_idempotency_claims::Migration),
            Box::new(m20261124_000003_fences::Migration),
            Box::new(m20261125_000004_outgoing_mail::Migration),
            Box::new(m20261125_000005_found_by_index::Migration),
            Box::new(m20261125_000006_line::Migration),
        ]
    }
}

/// A lock of the database itself, since nothing else may be there yet. It ends with its connection.
pub(super) struct Turn(Option<PoolConnection<MySql>>);

impl Turn {
    pub(super) async fn wait(database: &DatabaseConnection) -> Result<Self, DbErr> {
        if database.get_database_backend() != DbBackend::MySql {
            return Ok(Self(None));
        }
        let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        let mut connection = database.get_mysql_connection_pool().acquire().await.map_err(failed)?;
        let lock = sqlx::query("SELECT GET_LOCK(CONCAT(DATABASE(), '.migrations'), 300)");
        lock.execute(&mut *connection).await.map_err(failed)?;
        Ok(Self(Some(connection)))
    }

    pub(super) async fn end(self) {
        if let Some(connection) = self.0 {
            // With the connection the lock ends in any case.
            let _ = connection.close().await;
        }
    }
}
