//! `/`: what FaxDroid does, in one screen.

use faxdroid_contract::prices::PRICE_TABLE;
use leptos::prelude::*;

use super::query::form_state;
use crate::components::{ButtonKind, ButtonLink, FaxSheet, FormMessages};

/// The home page.
#[component]
pub fn Home() -> impl IntoView {
    view! {
        <FormMessages state=form_state() fields=&[] />
        <div class="grid items-center gap-12 lg:grid-cols-[1.1fr_1fr] lg:gap-16">
            <div>
                <h1 class="font-display text-5xl leading-[1.05] font-semibold tracking-tight text-balance sm:text-6xl">
                    "The fax machine you don\u{2019}t have to own"
                </h1>
                <p class="mt-5 max-w-xl text-xl text-muted text-pretty">
                    "Upload a document, see every page exactly as the far machine will print it, and watch it arrive. "
                    {format!("From {} a page. ", PRICE_TABLE.price_per_page)}
                    <strong class="font-semibold text-ink">"Not delivered, not charged."</strong>
                </p>
                <div class="mt-8 flex flex-wrap gap-3">
                    <ButtonLink kind=ButtonKind::Primary href="/send">"Send a fax"</ButtonLink>
                    <ButtonLink kind=ButtonKind::Secondary href="/pricing">"What does it cost?"</ButtonLink>
                </div>
                <p class="mt-5 text-sm text-muted">"PDF, office documents, PNG, JPEG, TIFF or plain text. No subscription, no software to install."</p>
            </div>
            <div class="relative mx-auto w-full max-w-md pb-24 sm:pb-20">
                <FaxSheet />
                <LiveStatus />
            </div>
        </div>

        <section aria-labelledby="how" class="mt-20 border-t border-line pt-12">
            <h2 id="how" class="font-display text-3xl font-semibold tracking-tight">"How it works"</h2>
            <ol class="mt-8 grid gap-8 sm:grid-cols-2 lg:grid-cols-4">
                <Step number="1" title="Upload">
                    "One file or several; together they become one fax. Nothing is sent yet and nothing is charged."
                </Step>
                <Step number="2" title="Check">
                    "The preview is exactly the image that goes over the line, so there are no surprises in black and white."
                </Step>
                <Step number="3" title="Send">
                    "You see country, pages and price before you send. The price is set aside from your prepaid credits."
                </Step>
                <Step number="4" title="Watch">
                    "You see each page as the far machine confirms it. If a call fails, you see why, and when we call again."
                </Step>
            </ol>
        </section>

        <section aria-labelledby="promise" class="mt-20 rounded-2xl bg-raised p-7 sm:p-12">
            <h2 id="promise" class="max-w-2xl font-display text-3xl font-semibold tracking-tight text-balance">
                "Five attempts, then your money back. Without asking."
            </h2>
            <p class="mt-4 max-w-2xl text-lg text-muted text-pretty">
                "Fax lines are busy, switched off or out of paper. When a call fails we try again up to four times, with growing \
                 pauses in between. If the last attempt fails too, the whole price returns to your balance by itself. You \
                 may cancel at any time before, and that returns the whole price as well."
            </p>
            <dl class="mt-8 grid gap-6 sm:grid-cols-3">
                <Fact name="Pay per page">
                    {format!("{} to most countries. To some, a page counts as several; you see that before you pay.", PRICE_TABLE.price_per_page)}
                </Fact>
                <Fact name="A statement that adds up">
                    "Every purchase, charge and refund is a line with the balance after it."
                </Fact>
                <Fact name="The same by API">
                    "What this site does, your program can do: one REST API, with test numbers for every way a fax can end."
                </Fact>
            </dl>
        </section>

        <section aria-labelledby="start" class="mt-20 flex flex-col items-start gap-5 sm:flex-row sm:items-center sm:justify-between">
            <h2 id="start" class="font-display text-3xl font-semibold tracking-tight text-balance">"Have something to send?"</h2>
            <div class="flex flex-wrap gap-3">
                <div class="session-in:hidden">
                    <ButtonLink kind=ButtonKind::Primary href="/sign-up">"Open an account"</ButtonLink>
                </div>
                <div class="hidden session-in:block">
                    <ButtonLink kind=ButtonKind::Primary href="/send">"Send a fax"</ButtonLink>
                </div>
                <ButtonLink kind=ButtonKind::Secondary href="/faq">"Questions and answers"</ButtonLink>
            </div>
        </section>
    }
    .into_any()
}

/// What the status page says while a fax is under way; an illustration like the sheet behind it.
#[component]
fn LiveStatus() -> impl IntoView {
    view! {
        <div
            aria-hidden="true"
            class="absolute right-0 bottom-0 left-6 -rotate-1 rounded-xl border border-line bg-surface p-4 shadow-lifted sm:left-14"
        >
            <div class="flex items-center justify-between gap-3">
                <p class="font-mono text-sm">"+1 500 555 0111"</p>
                <p class="inline-flex items-center gap-2 rounded-full bg-accent/12 px-3 py-1 text-sm font-semibold text-accent">
                    <span class="size-2 rounded-full bg-accent motion-safe:animate-pulse"></span>
                    "Sending"
                </p>
            </div>
            <div class="mt-3 grid grid-cols-3 gap-1.5">
                <span class="h-1.5 rounded-full bg-accent"></span>
                <span class="h-1.5 rounded-full bg-accent"></span>
                <span class="h-1.5 rounded-full bg-line"></span>
            </div>
            <ul class="mt-3 grid gap-1 text-sm">
                <li class="flex justify-between gap-3">
                    <span class="text-muted">"Attempt 1"</span>
                    <span>"The number was busy."</span>
                </li>
                <li class="flex justify-between gap-3">
                    <span class="text-muted">"Attempt 2"</span>
                    <span>"2 of 3 pages confirmed"</span>
                </li>
            </ul>
        </div>
    }
    .into_any()
}

#[component]
fn Step(
    /// Its place in the order.
    number: &'static str,
    /// What to do.
    title: &'static str,
    /// What happens then.
    children: Children,
) -> impl IntoView {
    view! {
        <li>
            <span aria-hidden="true" class="font-mono text-sm font-semibold text-accent">{number}" / 4"</span>
            <h3 class="mt-1 text-xl font-semibold">{title}</h3>
            <p class="mt-2 text-muted text-pretty">{children()}</p>
        </li>
    }
    .into_any()
}

#[component]
fn Fact(
    /// What it is about.
    name: &'static str,
    /// What is so.
    children: Children,
) -> impl IntoView {
    view! {
        <div>
            <dt class="font-semibold">{name}</dt>
            <dd class="mt-1 text-muted text-pretty">{children()}</dd>
        </div>
    }
    .into_any()
}
