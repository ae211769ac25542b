//! `/confirm-email?token=…`
//!
//! The link in the mail opens a page with a button: mail scanners open links, but press no buttons.

use leptos::prelude::*;

use super::query::form_state;
use crate::components::{Button, ButtonKind, FormMessages, PageHeading};

/// The page that a link in a mail leads to.
#[component]
pub fn ConfirmEmail() -> impl IntoView {
    let form = form_state();
    view! {
        <div class="mx-auto max-w-md">
            <PageHeading title="Confirm your e\u{2011}mail address" lead="One click, and you can send faxes." />
            <FormMessages state=form.clone() fields=&[] />
            <form method="post" action="/api/v1/accounts/confirm-email" class="grid gap-5">
                <input type="hidden" name="token" value=form.value("token") />
                <Button kind=ButtonKind::Primary>"Confirm address"</Button>
            </form>
            <p class="mt-6 text-muted">
                "Has the link expired? Sign in and ask for a new one on your "
                <a href="/account" class="text-accent underline underline-offset-2">"account page"</a>"."
            </p>
        </div>
    }
    .into_any()
}
