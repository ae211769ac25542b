//! Idempotency keys with the first answer given. No answer yet: that request is still running.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub request_hash: String,
    pub fax_id: String,
    pub claimed_until: i64,
    pub response_status: Option<i32>,
    pub response_body: Option<String>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
