//! Being written.

use faxdroid_contract::ids::{DocumentId, QuoteId};
use leptos::prelude::*;

#[island]
pub fn SendFax(
    document: Option<DocumentId>,
    quote: Option<QuoteId>,
    pages: u32,
    to: String,
    files_error: String,
    to_error: String,
) -> impl IntoView {
    let _ = (document, quote, pages, to, files_error, to_error);
    view! { <p class="hidden scripts:block">"Loading…"</p> }
}
