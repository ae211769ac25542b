//! Every table of the first release. Key columns have a length, which MySQL wants of an index.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000001_first_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut table in tables() {
            if manager.get_database_backend() == DbBackend::MySql {
                // Keys, tokens and numbers are compared byte by byte, as SQLite does.
                table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
            }
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        if manager.get_database_backend() == DbBackend::MySql {
            // Names are searched without regard to case.
            let name = ColumnDef::new("document_name").string_len(1024).not_null().extra(CASELESS).take();
            manager.alter_table(Table::alter().table("faxes").modify_column(name).take()).await?;
        }
        Ok(())
    }
}

/// The one of the Unicode collations that MySQL and MariaDB share.
const CASELESS: &str = "COLLATE utf8mb4_unicode_520_ci";

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table(
            "accounts",
            [
                key("id"),
                text("email", 254).unique_key().take(),
                text("password_hash", 255),
                optional(number("email_confirmed_at")),
                text("sender_name", 200),
                text("sender_number", 32),
                number("created_at"),
            ],
        ),
        table(
            "sessions",
            [
                text("token_hash", 128).primary_key().take(),
                reference("account_id"),
                number("created_at"),
                number("expires_at"),
            ],
        ),
        table(
            "tokens",
            [
                text("token_hash", 128).primary_key().take(),
                reference("account_id"),
                text("purpose", 32),
                number("expires_at"),
            ],
        ),
        table(
            "documents",
            [
                key("id"),
                reference("account_id"),
                text("name", 1024),
                small("files"),
                small("pages"),
                text("content_hash", 128),
                text("storage_key", 255),
                number("fine_bytes"),
                number("standard_bytes"),
                number("created_at"),
                optional(number("expires_at")),
            ],
        ),
        table(
            "quotes",
            [
                key("id"),
                reference("account_id"),
                reference("document_id"),
                text("to_e164", 32),
                text("country", 2),
                small("page_multiplier"),
                text("resolution", 16),
                small("pages"),
                number("price_minor"),
                number("estimated_seconds"),
                number("created_at"),
                number("expires_at"),
                optional(reference("fax_id")).unique_key().take(),
            ],
        ),
        table(
            "faxes",
            [
                key("id"),
                reference("account_id"),
                optional(reference("quote_id")).unique_key().take(),
                reference("document_id"),
                text("document_name", 1024),
                text("to_e164", 32),
                text("country", 2),
                small("page_multiplier"),
                text("resolution", 16),
                small("pages"),
                number("price_minor"),
                text("status", 16),
                number("version"),
                small("attempts_made"),
                small("line_failures"),
                optional(number("next_attempt_at")),
                optional(text("lease_owner", 64)),
                optional(number("lease_until")),
                number("estimated_seconds"),
                text("sender_name", 200),
                text("sender_number", 32),
                number("created_at"),
                optional(number("completed_at")),
            ],
        ),
        table(
            "attempts",
            [
                key("id"),
                reference("fax_id"),
                small("number"),
                number("started_at"),
                optional(number("ended_at")),
                optional(text("outcome", 16)),
                small("pages_confirmed"),
                optional(small("q850_cause")),
                optional(text("t30_status", 255)),
                optional(small("bit_rate")),
                optional(text("remote_station_id", 64)),
            ],
        ),
        table(
            "destination_lanes",
            [text("to_e164", 32).primary_key().take(), reference("fax_id").unique_key().take()],
        ),
        table(
            "ledger_transactions",
            [
                key("id"),
                text("kind", 16),
                reference("account_id"),
                number("sequence"),
                optional(reference("fax_id")),
                optional(reference("checkout_id")),
                number("amount_minor"),
                number("balance_after"),
                text("unique_key", 64).unique_key().take(),
                number("created_at"),
            ],
        ),
        table(
            "ledger_entries",
            [key("id"), reference("transaction_id"), text("ledger_account", 64), number("amount_minor")],
        ),
        table(
            "checkouts",
            [
                key("id"),
                reference("account_id"),
                text("package", 32),
                number("price_minor"),
                number("credits_minor"),
                text("status", 16),
                optional(text("provider_reference", 255)),
                optional(number("dispute_due_at")),
                number("created_at"),
            ],
        ),
        table(
            "idempotency_keys",
            [
                reference("account_id"),
                text("key", 255),
                text("request_hash", 128),
                optional(small("response_status")),
                optional(ColumnDef::new("response_body").text().not_null().take()),
                number("created_at"),
            ],
        )
        .primary_key(Index::create().col("account_id").col("key"))
        .take(),
        table(
            "outbox",
            [key("id"), text("queue", 32), text("payload", 1024), number("deliver_at"), number("created_at")],
        ),
        table(
            "queue_messages",
            [
                key("id"),
                text("queue", 32),
                text("payload", 1024),
                number("visible_at"),
                small("receives"),
                number("created_at"),
            ],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("sessions", &["account_id"]),
        index("sessions", &["expires_at"]),
        index("tokens", &["account_id", "purpose"]),
        index("documents", &["account_id", "created_at"]),
        index("documents", &["expires_at"]),
        index("quotes", &["document_id"]),
        // The customer's list, with and without a filter by status.
        index("faxes", &["account_id", "created_at", "id"]),
        index("faxes", &["account_id", "status", "created_at", "id"]),
        // What the dispatcher, the reaper and the sweeper look for.
        index("faxes", &["status", "next_attempt_at"]),
        index("faxes", &["status", "lease_until"]),
        index("faxes", &["document_id"]),
        index("attempts", &["fax_id", "number"]).unique().take(),
        index("ledger_transactions", &["account_id", "sequence"]).unique().take(),
        index("ledger_transactions", &["fax_id"]),
        index("ledger_entries", &["transaction_id"]),
        index("ledger_entries", &["ledger_account"]),
        index("checkouts", &["account_id", "created_at"]),
        index("checkouts", &["status", "dispute_due_at"]),
        index("idempotency_keys", &["created_at"]),
        index("queue_messages", &["queue", "visible_at"]),
    ]
}

fn table<const N: usize>(name: &'static str, columns: [ColumnDef; N]) -> TableCreateStatement {
    let mut table = Table::create().table(name).to_owned();
    for column in columns {
        table.col(column);
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

/// An identifier, or what refers to one.
fn reference(name: &'static str) -> ColumnDef {
    text(name, 64)
}

fn key(name: &'static str) -> ColumnDef {
    reference(name).primary_key().take()
}

fn text(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef::new(name).string_len(length).not_null().take()
}

/// A time, an amount or a size.
fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn small(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}
