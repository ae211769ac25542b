//! The footer of every page.

use leptos::prelude::*;

const LINK: &str = "rounded underline-offset-4 hover:underline";

/// Links to what a reader looks for last.
#[component]
pub fn SiteFooter() -> impl IntoView {
    view! {
        <footer class="border-t border-line">
            <div class="mx-auto flex w-full max-w-6xl flex-col gap-4 px-4 py-8 text-sm text-muted sm:flex-row sm:items-center sm:justify-between sm:px-6">
                <p>"FaxDroid sends faxes from the browser. Not delivered, not charged."</p>
                <nav aria-label="Footer" class="flex flex-wrap gap-x-5 gap-y-2">
                    <a href="/pricing" class=LINK>"Pricing"</a>
                    <a href="/faq" class=LINK>"FAQ"</a>
                    <a href="/developers" class=LINK>"Developers"</a>
                    <a href="/terms" class=LINK>"Terms"</a>
                    <a href="/privacy" class=LINK>"Privacy"</a>
                </nav>
            </div>
        </footer>
    }
    .into_any()
}
