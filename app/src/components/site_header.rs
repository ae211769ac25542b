//! The header of every page.
//!
//! Which links fit the reader is decided by the style sheet from `data-session` on the root element (see
//! `SESSION_SCRIPT`); without scripts all of them are shown.

use leptos::prelude::*;

const LINK: &str = "rounded-md px-2.5 py-2 text-ink hover:bg-raised aria-[current]:bg-raised";
const LINK_WHEN_IN: &str =
    "rounded-md px-2.5 py-2 text-ink hover:bg-raised aria-[current]:bg-raised session-out:hidden";
const LINK_WHEN_OUT: &str =
    "rounded-md px-2.5 py-2 text-ink hover:bg-raised aria-[current]:bg-raised session-in:hidden";

/// The site's name, and links for readers with and without a session.
#[component]
pub fn SiteHeader(
    /// The path of the page that is shown.
    shown: String,
) -> impl IntoView {
    let in_menu = shown.clone();
    view! {
        <header class="border-b border-line bg-paper">
            <div class="mx-auto flex w-full max-w-6xl items-center justify-between gap-4 px-4 py-3 sm:px-6">
                <a href="/" class="flex items-center gap-2.5 rounded-md font-display text-xl font-semibold tracking-tight">
                    <Mark />
                    "FaxDroid"
                </a>
                <nav aria-label="Main" class="hidden items-center gap-1 text-[0.95rem] lg:flex">
                    <Links shown />
                </nav>
                <details class="group relative lg:hidden">
                    <summary class="flex min-h-11 cursor-pointer list-none items-center rounded-lg border border-edge bg-surface px-4 font-semibold [&::-webkit-details-marker]:hidden">
                        "Menu"
                    </summary>
                    <nav
                        aria-label="Menu"
                        class="absolute right-0 z-10 mt-2 flex w-64 flex-col gap-1 rounded-xl border border-line bg-surface p-3 shadow-sheet"
                    >
                        <Links shown=in_menu />
                    </nav>
                </details>
            </div>
        </header>
    }
    .into_any()
}

#[component]
fn Links(
    /// The path of the page that is shown.
    shown: String,
) -> impl IntoView {
    let current = |path: &str| (shown == path).then_some("page");
    view! {
        <a href="/pricing" aria-current=current("/pricing") class=LINK>"Pricing"</a>
        <a href="/faq" aria-current=current("/faq") class=LINK>"FAQ"</a>
        <a href="/developers" aria-current=current("/developers") class=LINK>"Developers"</a>
        <a href="/faxes" aria-current=current("/faxes") class=LINK_WHEN_IN>"My faxes"</a>
        <a href="/inbox" aria-current=current("/inbox") class=LINK_WHEN_IN>"Inbox"</a>
        <a href="/credits" aria-current=current("/credits") class=LINK_WHEN_IN>"Credits"</a>
        <a href="/account" aria-current=current("/account") class=LINK_WHEN_IN>"Account"</a>
        <a href="/sign-in" aria-current=current("/sign-in") class=LINK_WHEN_OUT>"Sign in"</a>
        <a href="/sign-up" aria-current=current("/sign-up") class=LINK_WHEN_OUT>"Sign up"</a>
        <form method="post" action="/api/v1/sessions/current/end" class="session-out:hidden">
            <button type="submit" class="w-full cursor-pointer rounded-md px-2.5 py-2 text-left text-ink hover:bg-raised">
                "Sign out"
            </button>
        </form>
        <a
            href="/send"
            class="inline-flex min-h-11 items-center justify-center rounded-lg bg-accent px-4 font-semibold text-on-accent hover:bg-accent-strong lg:ml-2"
        >
            "Send a fax"
        </a>
    }
    .into_any()
}

#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" class="shrink-0">
            <rect x="7" y="2" width="18" height="15" rx="2" class="fill-sheet stroke-edge" stroke-width="1.5" />
            <path d="M11 7h10M11 11h6" class="stroke-sheet-ink" stroke-width="2" stroke-linecap="round" />
            <rect x="2" y="14" width="28" height="15" rx="4" class="fill-accent" />
            <circle cx="9" cy="21.5" r="2" class="fill-on-accent" />
            <path d="M15 21.5h10" class="stroke-on-accent" stroke-width="2.5" stroke-linecap="round" />
        </svg>
    }
    .into_any()
}
