//! What real calls need: calling hours, calls that go on with a later page, channels of the trunk, our own numbers and the
//! faxes that come in on them.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000006_line"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in [
            ("quotes", optional(text("calling_hours", 16))),
            ("faxes", optional(text("calling_hours", 16))),
            ("attempts", small("first_page").default(1).take()),
            ("attempts", optional(text("resolution", 32))),
            ("destination_lanes", optional(small("channel"))),
            ("outgoing_mail", optional(text("received_fax_id", 64))),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(&mut column).take()).await?;
        }
        for mut table in [numbers(), received_faxes()] {
            if manager.get_database_backend() == DbBackend::MySql {
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        for index in [
            // A channel carries one call at a time. Without a limit there are no channels, and no row has one.
            index("destination_lanes", &["channel"]).unique().take(),
            index("numbers", &["account_id"]),
            index("received_faxes", &["account_id", "received_at", "id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn numbers() -> TableCreateStatement {
    Table::create()
        .table("numbers")
        .col(text("e164", 32).primary_key())
        .col(text("account_id", 64))
        .col(number("assigned_at"))
        .take()
}

fn received_faxes() -> TableCreateStatement {
    let mut table = Table::create().table("received_faxes").take();
    for mut column in [
        text("id", 64).primary_key().take(),
        text("account_id", 64),
        text("call_id", 128).unique_key().take(),
        text("to_e164", 32),
        optional(text("from_number", 32)),
        optional(text("remote_station_id", 64)),
        text("status", 16),
        small("pages"),
        optional(text("t30_status", 255)),
        optional(small("bit_rate")),
        optional(text("storage_key", 255)),
        number("received_at"),
    ] {
        table.col(&mut column);
    }
    table
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(format!("{table}_by_{}", columns.join("_"))).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

fn text(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef::new(name).string_len(length).not_null().take()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn small(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}
