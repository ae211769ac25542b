//! `/sign-up`

use leptos::prelude::*;

use super::query::form_state;
use crate::components::{Button, ButtonKind, Field, FieldKind, FormMessages, PageHeading};

/// The page that opens an account.
#[component]
pub fn SignUp() -> impl IntoView {
    let form = form_state();
    view! {
        <div class="mx-auto max-w-md">
            <PageHeading title="Sign up" lead="An account keeps your credits and your faxes. It costs nothing." />
            <FormMessages state=form.clone() fields=&[("email", "E-mail address"), ("password", "Password")] />
            <form method="post" action="/api/v1/accounts" novalidate=true class="grid gap-5">
                <Field
                    name="email"
                    label="E-mail address"
                    kind=FieldKind::Email
                    value=form.value("email")
                    hint="We send a link to it. Faxes can be sent once the address is confirmed."
                    error=form.error_of("email")
                />
                <Field
                    name="password"
                    label="Password"
                    kind=FieldKind::NewPassword
                    hint="At least 8 characters. Long is better than complicated."
                    error=form.error_of("password")
                />
                <p class="text-sm text-muted">
                    "By signing up you agree to the "
                    <a href="/terms" class="text-accent underline underline-offset-2">"terms of service"</a>
                    ". What we store is on the page about "
                    <a href="/privacy" class="text-accent underline underline-offset-2">"privacy"</a>"."
                </p>
                <Button kind=ButtonKind::Primary>"Open account"</Button>
            </form>
            <p class="mt-6 text-muted">
                "Already have an account? "
                <a href="/sign-in" class="text-accent underline underline-offset-2">"Sign in"</a>
            </p>
        </div>
    }
    .into_any()
}
