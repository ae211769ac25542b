//! A key is claimed for a while, together with the identifier of the fax that its request may make.

use sea_orm_migration::prelude::*;

const TABLE: &str = "idempotency_keys";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000002_idempotency_claims"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no two at once.
        for mut column in [
            ColumnDef::new("fax_id").string_len(64).not_null().default("").take(),
            ColumnDef::new("claimed_until").big_integer().not_null().default(0).take(),
        ] {
            manager.alter_table(Table::alter().table(TABLE).add_column(&mut column).take()).await?;
        }
        // Keys without an answer were claimed without an identifier; they can no longer be taken up.
        let unanswered =
            Query::delete().from_table(TABLE).and_where(Expr::col("response_body").is_null()).take();
        manager.execute(unanswered).await
    }
}
