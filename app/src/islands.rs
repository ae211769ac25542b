//! What hydrates in the browser. All islands are one module, so each of them is kept small, and each does what
//! a plain form or frame of the same page does without scripts.

pub mod account_details;
pub mod checkout_summary;
mod element;
mod failure;
pub mod fax_list;
pub mod live_fax;
pub mod price_estimate;
pub mod send_fax;
pub mod statement;

use std::str::FromStr;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

pub use account_details::AccountDetails;
pub use checkout_summary::CheckoutSummary;
pub use fax_list::FaxList;
pub use live_fax::LiveFax;
pub use price_estimate::PriceEstimate;
pub use send_fax::SendFax;
pub use statement::Statement;

/// Calls `handler` at every such event, as long as the page lives.
pub(crate) fn listen(target: &EventTarget, event: &str, handler: impl FnMut(Event) + 'static) {
    let handler = Closure::<dyn FnMut(Event)>::new(handler);
    // Only a browser without events refuses a listener.
    let _ = target.add_event_listener_with_callback(event, handler.as_ref().unchecked_ref());
    handler.forget();
}

/// The identifier at the end of this page's path.
fn path_id<Id: FromStr>() -> Option<Id> {
    let path = leptos::prelude::window().location().pathname().ok()?;
    path.rsplit('/').next()?.parse().ok()
}
