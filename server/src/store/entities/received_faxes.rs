//! Faxes that came in. `call_id` names the call; it keeps a reception that is told twice from being two faxes.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "received_faxes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    #[sea_orm(unique)]
    pub call_id: String,
    pub to_e164: String,
    pub from_number: Option<String>,
    pub remote_station_id: Option<String>,
    pub status: String,
    pub pages: i32,
    pub t30_status: Option<String>,
    pub bit_rate: Option<i32>,
    /// Where the pages are; absent when none arrived.
    pub storage_key: Option<String>,
    pub received_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
