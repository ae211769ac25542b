//! Calls, one row each, with what the line said of them.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub fax_id: String,
    pub number: i32,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    pub outcome: Option<String>,
    /// From 1; the pages before it had arrived in earlier calls.
    pub first_page: i32,
    /// In this call.
    pub pages_confirmed: i32,
    pub q850_cause: Option<i32>,
    pub t30_status: Option<String>,
    pub bit_rate: Option<i32>,
    pub resolution: Option<String>,
    pub remote_station_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
