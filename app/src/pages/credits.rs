//! `/credits`: packages to buy, the balance and the statement of account.

use faxdroid_contract::credits::{CreditPackage, PACKAGES};
use faxdroid_contract::money::Money;
use faxdroid_contract::prices::PRICE_PER_PAGE;
use leptos::prelude::*;

use super::query::form_state;
use crate::components::{
    Alert, AlertKind, ButtonKind, FormMessages, NextField, PageHeading, Panel, PrivateFrame, SignInFirst,
};
use crate::forms::local_path;
use crate::islands::Statement;

/// The credits page.
#[component]
pub fn Credits() -> impl IntoView {
    let form = form_state();
    let next = local_path(&form.value("next")).map(str::to_owned);
    let waiting = next.clone().map(|next| {
        view! {
            <div class="mb-6">
                <Alert kind=AlertKind::Info>
                    "Your fax waits for you. Once the credits are paid you come back to it; or "
                    <a href=next class="font-semibold text-accent underline underline-offset-2">"go back to it now"</a>
                    "."
                </Alert>
            </div>
        }
    });
    view! {
        <PageHeading title="Credits" lead="Buy once, send when you need to. Credits do not expire." />
        <FormMessages state=form fields=&[] />
        {waiting}
        <p class="mb-8 hidden items-baseline gap-3 session-in:flex">
            <span class="text-muted">"Your balance"</span>
            <output id="balance" class="min-h-9 font-display text-3xl font-semibold tracking-tight tabular-nums"></output>
        </p>
        <section aria-labelledby="packages" class="mb-10">
            <h2 id="packages" class="font-display text-2xl font-semibold tracking-tight">"Buy credits"</h2>
            <ul class="mt-4 grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-4">
                {PACKAGES.iter().map(|package| view! { <Package package next=next.clone() /> }).collect::<Vec<_>>()}
            </ul>
        </section>
        <SignInFirst sentence="Sign in to see your balance and every change of it." next="/credits" />
        <div class="group session-out:hidden">
            <Panel id="statement" title="Statement of account">
                <Statement />
                <p class="hidden text-muted group-has-[#statement-lines:empty]:block">"Nothing yet. Credits that you buy appear here."</p>
                <PrivateFrame src="/api/v1/transactions" title="Statement of account" />
            </Panel>
        </div>
    }
    .into_any()
}

#[component]
fn Package(
    /// What is sold.
    package: &'static CreditPackage,
    /// Where to go on after the payment.
    next: Option<String>,
) -> impl IntoView {
    let bonus = package.credits.amount_minor - package.price.amount_minor;
    let pages = package.credits.amount_minor / PRICE_PER_PAGE.amount_minor;
    view! {
        <li class="flex flex-col rounded-2xl border border-line bg-surface p-3 shadow-sheet sm:p-5">
            <h3 class="font-semibold">{package.name}</h3>
            <p class="mt-2 font-display text-3xl font-semibold tracking-tight tabular-nums sm:text-4xl">{package.price.to_string()}</p>
            <p class="mt-2 text-sm text-muted">{format!("{} in credits: {} pages to most countries", package.credits, thousands(pages))}</p>
            <p class="mt-1 mb-4 min-h-5 text-sm font-semibold text-success">
                {(bonus > 0).then(|| format!("{} bonus", Money::usd(bonus)))}
            </p>
            <form method="post" action="/api/v1/checkouts" class="mt-auto grid">
                <input type="hidden" name="package" value=package.id />
                <NextField next />
                <button type="submit" class=ButtonKind::Secondary.class() aria-label=format!("Buy {} for {}", package.name, package.price)>
                    "Buy "{package.name}
                </button>
            </form>
        </li>
    }
    .into_any()
}

/// With a comma between thousands, as English writes them.
fn thousands(number: i64) -> String {
    match number {
        ..1000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1000), number % 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted_by_commas() {
        assert_eq!([50, 999, 1150, 1_002_003].map(thousands), ["50", "999", "1,150", "1,002,003"]);
    }
}
