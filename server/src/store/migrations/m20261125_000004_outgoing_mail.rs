//! What customers are to be written, until a mail server has taken it.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000004_outgoing_mail"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create()
            .table("outgoing_mail")
            .col(ColumnDef::new("id").string_len(64).not_null().primary_key())
            .col(ColumnDef::new("account_id").string_len(64).not_null())
            .col(ColumnDef::new("letter").string_len(32).not_null())
            .col(ColumnDef::new("tries").integer().not_null())
            .col(ColumnDef::new("due_at").big_integer().not_null())
            .take();
        if manager.get_database_backend() == DbBackend::MySql {
            table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
        }
        manager.create_table(table).await?;
        let due = Index::create().name("outgoing_mail_by_due_at").table("outgoing_mail").col("due_at").take();
        manager.create_index(due).await
    }
}
