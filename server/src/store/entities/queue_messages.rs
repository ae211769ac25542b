//! The embedded queue. A message that was received is invisible until `visible_at`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub queue: String,
    pub payload: String,
    pub visible_at: i64,
    pub receives: i32,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
