//! Numbers that are being called. The primary key is what keeps a second call to the same number from starting.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination_lanes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_e164: String,
    #[sea_orm(unique)]
    pub fax_id: String,
    /// Of the trunk, from 1; absent where their number is not limited.
    #[sea_orm(unique)]
    pub channel: Option<i32>,
}

impl ActiveModelBehavior for ActiveModel {}
