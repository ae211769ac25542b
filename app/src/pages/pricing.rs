//! `/pricing`: a calculator and the whole price table, both from the table that quotes are made of.

use faxdroid_contract::prices::{DestinationPrice, PRICE_TABLE};
use leptos::prelude::*;

use super::query::form_state;
use crate::components::field::{INPUT, LABEL};
use crate::components::{Button, ButtonKind, PageHeading, Panel};
use crate::estimate::{self, Estimate};
use crate::islands::PriceEstimate;

/// The pricing page.
#[component]
pub fn Pricing() -> impl IntoView {
    let query = form_state();
    let estimate = Estimate::from_query(&query.value("country"), &query.value("pages"));
    let country = estimate.destination.country;
    let pages = estimate.pages;
    let price = estimate::price(pages, estimate.destination.page_multiplier).to_string();
    let sum = estimate::sum(pages, estimate.destination.page_multiplier, estimate.destination.name);
    view! {
        <PageHeading
            title="Pricing"
            lead="You pay per page and only for faxes that are delivered. No subscription, no setup fee; credits do not expire."
        />
        <Panel id="calculator" title="What will my fax cost?">
            <form id="calculator-form" method="get" action="/pricing" class="grid items-end gap-4 sm:grid-cols-[2fr_1fr_auto]">
                <div>
                    <label for="country" class=LABEL>"Country"</label>
                    <select id="country" name="country" class=INPUT>
                        {PRICE_TABLE.destinations.iter().map(|row| view! {
                            <option
                                value=row.country
                                selected=row.country == country
                                data-multiplier=row.page_multiplier.to_string()
                            >
                                {row.name}
                            </option>
                        }).collect::<Vec<_>>()}
                    </select>
                </div>
                <div>
                    <label for="pages" class=LABEL>"Pages"</label>
                    <input id="pages" name="pages" type="number" min="1" max="200" value=pages.to_string() class=INPUT />
                </div>
                <Button kind=ButtonKind::Secondary>"Calculate"</Button>
            </form>
            <p aria-live="polite" class="mt-6 flex flex-wrap items-baseline gap-x-4 gap-y-1">
                <output id="estimate" class="font-display text-5xl font-semibold tracking-tight tabular-nums">{price}</output>
                <span id="estimate-sum" class="text-muted">{sum}</span>
            </p>
            <PriceEstimate />
        </Panel>

        <section class="mt-12">
            <h2 id="destinations" class="font-display text-3xl font-semibold tracking-tight">"All destinations"</h2>
            <p class="mt-2 max-w-3xl text-muted">
                "To some countries a page counts as several: where it counts as 2 pages, five pages are paid as ten. \
                 We do not send to countries that are not in this table, nor to emergency, premium-rate and short numbers."
            </p>
            <div class="mt-5 overflow-x-auto rounded-2xl border border-line bg-surface" tabindex="0" role="region" aria-labelledby="destinations">
                <table class="w-full text-left">
                    <thead class="border-b border-line text-sm text-muted">
                        <tr>
                            <th scope="col" class="px-3 py-3 sm:px-4 font-semibold">"Country"</th>
                            <th scope="col" class="px-3 py-3 sm:px-4 font-semibold">"Code"</th>
                            <th scope="col" class="px-3 py-3 sm:px-4 text-right font-semibold">"A page counts as"</th>
                            <th scope="col" class="px-3 py-3 sm:px-4 text-right font-semibold">"Price per page"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {PRICE_TABLE.destinations.iter().map(|row| view! { <Row row /> }).collect::<Vec<_>>()}
                    </tbody>
                </table>
            </div>
        </section>

        <section aria-labelledby="rules" class="mt-12 max-w-3xl">
            <h2 id="rules" class="font-display text-3xl font-semibold tracking-tight">"When you pay"</h2>
            <ul class="mt-4 list-disc pl-6 leading-relaxed [&_li]:mt-1.5">
                <li>"When you send, the price you saw is set aside from your credits. It does not change afterwards."</li>
                <li>"When the far machine has confirmed every page, the price is spent."</li>
                <li>"When the last of five attempts fails, the whole price returns to your balance, by itself."</li>
                <li>"When you cancel before delivery, the whole price returns at once."</li>
                <li>"Standard and fine resolution cost the same. Fine takes about twice as long on the line."</li>
            </ul>
            <p class="mt-4"><a href="/credits" class="text-accent underline underline-offset-2">"Credit packages"</a></p>
        </section>
    }
    .into_any()
}

#[component]
fn Row(
    /// A row of the price table.
    row: &'static DestinationPrice,
) -> impl IntoView {
    let multiplier = match row.page_multiplier {
        1 => "1 page".to_owned(),
        several => format!("{several} pages"),
    };
    view! {
        <tr class="border-b border-line last:border-0">
            <th scope="row" class="px-3 py-2 sm:px-4 font-medium">{row.name}</th>
            <td class="px-3 py-2 sm:px-4 font-mono text-sm text-muted">"+"{row.calling_code.to_string()}</td>
            <td class="px-3 py-2 text-right whitespace-nowrap sm:px-4">{multiplier}</td>
            <td class="px-3 py-2 sm:px-4 text-right tabular-nums">{row.price_per_page.to_string()}</td>
        </tr>
    }
    .into_any()
}
