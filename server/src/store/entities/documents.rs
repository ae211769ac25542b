//! Uploaded documents. `fine_bytes` and `standard_bytes` are the T.6 sizes, from which the time on the line is estimated.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "documents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub name: String,
    pub files: i32,
    pub pages: i32,
    pub content_hash: String,
    pub storage_key: String,
    pub fine_bytes: i64,
    pub standard_bytes: i64,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
