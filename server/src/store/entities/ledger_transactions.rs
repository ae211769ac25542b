//! Ledger transactions. `(account_id, sequence)` is unique, so two writers cannot both continue the same balance.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_transactions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    pub account_id: String,
    /// From 1, without gaps, per account.
    pub sequence: i64,
    pub fax_id: Option<String>,
    pub checkout_id: Option<String>,
    /// What the customer's balance changed by.
    pub amount_minor: i64,
    pub balance_after: i64,
    /// What may happen only once has a key of its own: a charge of a fax, the settlement of that charge.
    #[sea_orm(unique)]
    pub unique_key: String,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
