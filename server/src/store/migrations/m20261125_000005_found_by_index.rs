//! Indexes for two questions that were answered by reading on: whether a customer's same files were converted before, and
//! which mailed tokens have ended.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000005_found_by_index"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by_content = Index::create()
            .name("documents_by_account_id_content_hash_created_at")
            .table("documents")
            .col("account_id")
            .col("content_hash")
            .col("created_at")
            .take();
        manager.create_index(by_content).await?;
        let ended = Index::create().name("tokens_by_expires_at").table("tokens").col("expires_at").take();
        manager.create_index(ended).await
    }
}
