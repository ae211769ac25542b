//! Faxes. Every write checks and increments `version`; only `sending` has a lease.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "faxes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    #[sea_orm(unique)]
    pub quote_id: Option<String>,
    pub document_id: String,
    pub document_name: String,
    pub to_e164: String,
    pub country: String,
    pub page_multiplier: i32,
    pub resolution: String,
    pub pages: i32,
    pub price_minor: i64,
    pub status: String,
    pub version: i64,
    /// Calls that count as one of the customer's attempts.
    pub attempts_made: i32,
    /// Calls that our own line or server failed; they do not count.
    pub line_failures: i32,
    pub next_attempt_at: Option<i64>,
    pub lease_owner: Option<String>,
    pub lease_until: Option<i64>,
    pub estimated_seconds: i64,
    /// By the clock at the destination.
    pub calling_hours: Option<String>,
    pub sender_name: String,
    pub sender_number: String,
    pub created_at: i64,
    pub completed_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
