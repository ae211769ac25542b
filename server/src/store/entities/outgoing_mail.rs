//! What customers are to be written. The text is made when it is sent, so no secret of a link stands here.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outgoing_mail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub letter: String,
    /// Which fax that came in it is about, if one.
    pub received_fax_id: Option<String>,
    /// How often sending was begun.
    pub tries: i32,
    /// When it is sent; whoever sends it moves this on first, so that nobody else does.
    pub due_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
