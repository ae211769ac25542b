//! Tokens of links sent by mail, by their hash; a row is deleted when its link is used.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub account_id: String,
    pub purpose: String,
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
