//! Lists, read page by page with a cursor, newest first.
//!
//! Rows arrive while a customer pages, so a page starts after a row and not at a number.

use serde::{Deserialize, Serialize};

/// How many rows a page has when the request does not say.
pub const DEFAULT_LIMIT: u32 = 20;
/// How many rows a page may have at most.
pub const MAX_LIMIT: u32 = 100;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Give it as `cursor` to read the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
