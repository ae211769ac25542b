//! Customers' accounts. `email` is kept in lower case, so that the unique index sees what a person means.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub email: String,
    pub password_hash: String,
    pub email_confirmed_at: Option<i64>,
    pub sender_name: String,
    pub sender_number: String,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
