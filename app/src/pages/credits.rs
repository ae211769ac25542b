//! `/credits`: packages to buy, the balance and the statement of account.

use faxdroid_contract::credits::{CreditPackage, PACKAGES};
use faxdroid_contract::money::Money;
use faxdroid_contract::prices::PRICE_PER_PAGE;
use leptos::prelude::*;

use super::query::form_state;
use crate::components::{ButtonKind, FormMessages, PageHeading, Panel, PrivateFrame};
use crate::islands::Statement;

/// The credits page.
#[component]
pub fn Credits() -> impl IntoView {
    view! {
        <PageHeading title="Credits" lead="Buy once, send when you need to. Credits do not expire." />
        <FormMessages state=form_state() fields=&[] />
        <section aria-labelledby="packages" class="mb-10">
            <h2 id="packages" class="font-display text-2xl font-semibold tracking-tight">"Buy credits"</h2>
            <ul class="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
                {PACKAGES.iter().map(|package| view! { <Package package /> }).collect::<Vec<_>>()}
            </ul>
        </section>
        <Panel id="statement" title="Statement of account">
            <Statement />
            <PrivateFrame src="/api/v1/transactions" title="Statement of account" />
        </Panel>
    }
    .into_any()
}

#[component]
fn Package(
    /// What is sold.
    package: &'static CreditPackage,
) -> impl IntoView {
    let bonus = package.credits.amount_minor - package.price.amount_minor;
    let pages = package.credits.amount_minor / PRICE_PER_PAGE.amount_minor;
    view! {
        <li class="flex flex-col rounded-2xl border border-line bg-surface p-5 shadow-sheet">
            <h3 class="font-semibold">{package.name}</h3>
            <p class="mt-2 font-display text-4xl font-semibold tracking-tight tabular-nums">{package.price.to_string()}</p>
            <p class="mt-2 text-sm text-muted">{format!("{} in credits: {pages} pages to most countries", package.credits)}</p>
            <p class="mt-1 mb-4 min-h-5 text-sm font-semibold text-success">
                {(bonus > 0).then(|| format!("{} bonus", Money::usd(bonus)))}
            </p>
            <form method="post" action="/api/v1/checkouts" class="mt-auto grid">
                <input type="hidden" name="package" value=package.id />
                <button type="submit" class=ButtonKind::Secondary.class() aria-label=format!("Buy {} for {}", package.name, package.price)>
                    "Buy "{package.name}
                </button>
            </form>
        </li>
    }
    .into_any()
}
