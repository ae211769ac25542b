//! Messages written by the transaction that causes them, until they have been handed to the queue.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub queue: String,
    pub payload: String,
    pub deliver_at: i64,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
