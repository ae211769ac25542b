//! Changes of the schema, in order. Before a release a migration only expands what is there, after it another
//! contracts: two releases run side by side while servers are replaced.

use sea_orm_migration::prelude::*;

mod m20261123_000001_first_tables;

pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261123_000001_first_tables::Migration)]
    }
}
