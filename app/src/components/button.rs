//! Buttons, and links that look like buttons.

use leptos::prelude::*;

/// How much a button asks to be pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do on this page.
    Primary,
    /// Something else that can be done.
    Secondary,
    /// Something that ends or takes back.
    Danger,
}

impl ButtonKind {
    /// The classes of a button of this kind.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Primary => {
                "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg border border-transparent bg-accent px-5 py-2 font-semibold text-on-accent transition-colors hover:bg-accent-strong disabled:cursor-not-allowed disabled:opacity-60"
            }
            Self::Secondary => {
                "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg border border-edge bg-surface px-5 py-2 font-semibold text-ink transition-colors hover:bg-raised disabled:cursor-not-allowed disabled:opacity-60"
            }
            Self::Danger => {
                "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg border border-danger/50 bg-surface px-5 py-2 font-semibold text-danger transition-colors hover:bg-danger/10 disabled:cursor-not-allowed disabled:opacity-60"
            }
        }
    }
}

/// A button that sends its form.
#[component]
pub fn Button(
    /// How it looks.
    kind: ButtonKind,
    /// What it says.
    children: Children,
) -> impl IntoView {
    view! { <button type="submit" class=kind.class()>{children()}</button> }.into_any()
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    /// How it looks.
    kind: ButtonKind,
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// What it says.
    children: Children,
) -> impl IntoView {
    view! { <a href=href class=kind.class()>{children()}</a> }.into_any()
}
