//! What servers that share their work need: the fences of locks, and due disputes in the order of their time.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261124_000003_fences"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut name = ColumnDef::new("name").string_len(64).not_null().primary_key().take();
        let mut token = ColumnDef::new("token").big_integer().not_null().take();
        let mut fences = Table::create().table("fences").col(&mut name).col(&mut token).take();
        if manager.get_database_backend() == DbBackend::MySql {
            fences.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(fences).await?;
        let due = Index::create()
            .name("checkouts_by_dispute_due_at")
            .table("checkouts")
            .col("dispute_due_at")
            .take();
        manager.create_index(due).await
    }
}
