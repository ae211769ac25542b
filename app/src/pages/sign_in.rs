//! `/sign-in`

use leptos::prelude::*;

use super::query::form_state;
use crate::components::{Button, ButtonKind, Field, FieldKind, FormMessages, NextField, PageHeading};
use crate::forms::local_path;

/// The page that starts a session.
#[component]
pub fn SignIn() -> impl IntoView {
    let form = form_state();
    let next = local_path(&form.value("next")).map(str::to_owned);
    view! {
        <div class="mx-auto max-w-md">
            <PageHeading title="Sign in" lead="Welcome back." />
            <FormMessages state=form.clone() fields=&[("email", "E-mail address"), ("password", "Password")] />
            <form method="post" action="/api/v1/sessions" novalidate=true class="grid gap-5">
                <NextField next />
                <Field
                    name="email"
                    label="E-mail address"
                    kind=FieldKind::Email
                    value=form.value("email")
                    error=form.error_of("email")
                />
                <Field name="password" label="Password" kind=FieldKind::Password error=form.error_of("password") />
                <Button kind=ButtonKind::Primary>"Sign in"</Button>
            </form>
            <p class="mt-6 text-muted">
                <a href="/forgot-password" class="text-accent underline underline-offset-2">"Forgot your password?"</a>
            </p>
            <p class="mt-2 text-muted">
                "New here? "
                <a href="/sign-up" class="text-accent underline underline-offset-2">"Open an account"</a>
            </p>
        </div>
    }
    .into_any()
}
