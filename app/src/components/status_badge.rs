//! The status of a fax in one word.

use faxdroid_contract::faxes::FaxStatus;
use leptos::prelude::*;

/// The word for a status.
pub const fn status_word(status: FaxStatus) -> &'static str {
    match status {
        FaxStatus::Queued => "Queued",
        FaxStatus::Sending => "Sending",
        FaxStatus::Retrying => "Waiting to retry",
        FaxStatus::Delivered => "Delivered",
        FaxStatus::Failed => "Failed",
        FaxStatus::Refunded => "Failed and refunded",
        FaxStatus::Canceled => "Canceled",
    }
}

/// The classes of the badge of a status.
pub const fn status_class(status: FaxStatus) -> &'static str {
    match status {
        FaxStatus::Delivered => {
            "inline-flex items-center gap-2 rounded-full bg-success/12 px-3 py-1 text-sm font-semibold whitespace-nowrap text-success"
        }
        FaxStatus::Queued | FaxStatus::Sending | FaxStatus::Retrying => {
            "inline-flex items-center gap-2 rounded-full bg-accent/12 px-3 py-1 text-sm font-semibold whitespace-nowrap text-accent"
        }
        FaxStatus::Failed => {
            "inline-flex items-center gap-2 rounded-full bg-danger/10 px-3 py-1 text-sm font-semibold whitespace-nowrap text-danger"
        }
        FaxStatus::Refunded | FaxStatus::Canceled => {
            "inline-flex items-center gap-2 rounded-full bg-raised px-3 py-1 text-sm font-semibold whitespace-nowrap text-ink"
        }
    }
}

/// A pill that says the status.
#[component]
pub fn StatusBadge(
    /// The status.
    status: FaxStatus,
) -> impl IntoView {
    view! { <span data-status=status.as_str() class=status_class(status)>{status_word(status)}</span> }
        .into_any()
}
