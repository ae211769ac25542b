//! `/send`: upload, check, send. Without scripts the steps are `?document=` and `?quote=`; with them the
//! island takes all steps in place.

use faxdroid_contract::documents::MAX_PAGES;
use leptos::prelude::*;

use super::query::form_state;
use crate::components::{FormMessages, PageHeading};
use crate::islands::SendFax;

/// The page that sends.
#[component]
pub fn Send() -> impl IntoView {
    let form = form_state();
    let pages = form.value("pages").parse().unwrap_or(1).clamp(1, MAX_PAGES);
    view! {
        <PageHeading title="Send a fax" lead="Upload, check the pages, type the number. You see the price before anything is sent." />
        <FormMessages
            state=form.clone()
            fields=&[("files", "Files"), ("to", "Fax number"), ("resolution", "Resolution")]
        />
        <SendFax
            document=form.value("document").parse().ok()
            quote=form.value("quote").parse().ok()
            pages
            to=form.value("to")
            files_error=form.error_of("files").unwrap_or_default().to_owned()
            to_error=form.error_of("to").unwrap_or_default().to_owned()
        />
    }
    .into_any()
}
