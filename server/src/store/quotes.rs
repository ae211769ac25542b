//! Quotes.

use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel};

use super::StoreError;

pub use super::entities::quotes::Model as QuoteRow;
pub use super::sending::quote as find;

pub async fn insert(db: &impl ConnectionTrait, quote: QuoteRow) -> Result<(), StoreError> {
    quote.into_active_model().insert(db).await?;
    Ok(())
}
