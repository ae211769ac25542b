//! Our own numbers, and whom a fax to them belongs to.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "numbers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub e164: String,
    pub account_id: String,
    pub assigned_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
