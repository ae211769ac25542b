//! The look of the status of a fax.

use faxdroid_contract::faxes::FaxStatus;

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
