//! `/pay/{id}`: the payment page of the sandbox. It says what it is.

use faxdroid_contract::credits::TEST_CARDS;
use faxdroid_contract::ids::CheckoutId;
use leptos::prelude::*;

use super::errors::NotFound;
use super::query::{draft, form_state, path_id};
use crate::components::{
    Alert, AlertKind, Button, ButtonKind, Field, FieldKind, FormMessages, NextField, PageHeading, Panel,
    PrivateFrame, SignInFirst,
};
use crate::forms::{FormState, local_path};
use crate::islands::CheckoutSummary;

/// The sandbox payment page, or the bank's page inside of it (`?step=confirm`).
#[component]
pub fn Pay() -> impl IntoView {
    let Some(checkout) = path_id::<CheckoutId>() else { return view! { <NotFound /> }.into_any() };
    let form = form_state();
    let messages = form.clone();
    let frame = format!("/api/v1/checkouts/{checkout}");
    let here = format!("/pay/{checkout}");
    let next = local_path(&form.value("next")).map(str::to_owned);
    let back = draft(&form, &["next"]);
    let back = if back.is_empty() { "/credits".to_owned() } else { format!("/credits?{back}") };
    let step = match form.value("step").as_str() {
        "confirm" => view! { <BankForm checkout next /> }.into_any(),
        _ => view! { <CardForm checkout form next /> }.into_any(),
    };
    view! {
        <div class="mx-auto max-w-2xl">
            <PageHeading title="Sandbox payment" lead="This is a rehearsal: no card is charged and no money moves." />
            <FormMessages state=messages fields=&[("card_number", "Card number")] />
            <Panel id="purchase" title="Your purchase">
                <SignInFirst sentence="Sign in to pay for your credits." next=here />
                <div class="session-out:hidden"><CheckoutSummary /></div>
                <PrivateFrame src=frame title="Your purchase" />
            </Panel>
            <div class="mt-6 session-out:hidden">{step}</div>
            <p class="mt-6"><a href=back class="text-accent underline underline-offset-2">"Back to credits"</a></p>
        </div>
    }
    .into_any()
}

#[component]
fn CardForm(
    /// The purchase to pay.
    checkout: CheckoutId,
    /// What the query says.
    form: FormState,
    /// Where to go on after the payment.
    next: Option<String>,
) -> impl IntoView {
    view! {
        <Panel id="card" title="Pay with a test card">
            <form
                method="post"
                action=format!("/api/v1/sandbox/checkouts/{checkout}/pay")
                novalidate=true
                class="grid gap-5"
            >
                <NextField next />
                <Field
                    name="card_number"
                    label="Card number"
                    kind=FieldKind::CardNumber
                    hint="One of the test cards below. Never type a real card here."
                    error=form.error_of("card_number")
                />
                <Button kind=ButtonKind::Primary>"Pay"</Button>
            </form>
            <h3 class="mt-7 font-semibold">"Test cards"</h3>
            <dl class="mt-2 grid gap-x-6 gap-y-1 sm:grid-cols-[auto_1fr]">
                {TEST_CARDS.iter().map(|(number, _, effect)| view! {
                    <dt class="font-mono text-sm whitespace-nowrap">{spaced(number)}</dt>
                    <dd class="mb-2 text-sm text-muted sm:mb-0">{*effect}</dd>
                }).collect::<Vec<_>>()}
            </dl>
        </Panel>
    }
    .into_any()
}

#[component]
fn BankForm(
    /// The purchase to confirm.
    checkout: CheckoutId,
    /// Where to go on after the payment.
    next: Option<String>,
) -> impl IntoView {
    view! {
        <Panel id="bank" title="Your bank asks: is this you?">
            <Alert kind=AlertKind::Info>"This plays the page of a bank that wants its customer to confirm a payment."</Alert>
            <form method="post" action=format!("/api/v1/sandbox/checkouts/{checkout}/confirm") class="mt-5 flex flex-wrap gap-3">
                <NextField next />
                <button type="submit" name="answer" value="approve" class=ButtonKind::Primary.class()>"Approve payment"</button>
                <button type="submit" name="answer" value="reject" class=ButtonKind::Secondary.class()>"Reject payment"</button>
            </form>
        </Panel>
    }
    .into_any()
}

/// In groups of four, as it stands on a card.
pub(super) fn spaced(number: &str) -> String {
    number.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_read_in_groups_of_four() {
        assert_eq!(spaced("4242424242424242"), "4242 4242 4242 4242");
    }
}
