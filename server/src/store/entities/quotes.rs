//! Prices offered. `fax_id` is set once, by the transaction that accepts the fax.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quotes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub document_id: String,
    pub to_e164: String,
    pub country: String,
    pub page_multiplier: i32,
    pub resolution: String,
    pub pages: i32,
    pub price_minor: i64,
    pub estimated_seconds: i64,
    /// By the clock at the destination.
    pub calling_hours: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    #[sea_orm(unique)]
    pub fax_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
