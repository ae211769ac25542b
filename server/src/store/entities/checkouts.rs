//! Purchases of credits, as the payment provider decides them.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkouts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub package: String,
    pub price_minor: i64,
    pub credits_minor: i64,
    pub status: String,
    pub provider_reference: Option<String>,
    pub dispute_due_at: Option<i64>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
