//! Entries of ledger transactions. Those of one transaction sum to zero.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub transaction_id: String,
    pub ledger_account: String,
    pub amount_minor: i64,
}

impl ActiveModelBehavior for ActiveModel {}
