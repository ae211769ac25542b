//! A sentence that wants to be noticed.

use leptos::prelude::*;

/// What kind of thing the sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertKind {
    Error,
    Success,
    Info,
}

impl AlertKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Error => "rounded-xl border border-danger/40 bg-danger/10 px-4 py-3 text-danger",
            Self::Success => "rounded-xl border border-success/40 bg-success/10 px-4 py-3 text-success",
            Self::Info => "rounded-xl border border-line bg-raised px-4 py-3 text-ink",
        }
    }

    const fn role(self) -> &'static str {
        match self {
            Self::Error => "alert",
            Self::Success | Self::Info => "status",
        }
    }
}

/// A box with a sentence; screen readers say it when it appears.
#[component]
pub fn Alert(
    /// What kind of thing it says.
    kind: AlertKind,
    /// The sentence.
    children: Children,
) -> impl IntoView {
    view! { <div role=kind.role() class=kind.class()>{children()}</div> }.into_any()
}
