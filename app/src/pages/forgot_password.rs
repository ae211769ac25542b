//! `/forgot-password`

use leptos::prelude::*;

use super::query::form_state;
use crate::components::{Button, ButtonKind, Field, FieldKind, FormMessages, PageHeading};

/// The page that asks for a link to set a new password.
#[component]
pub fn ForgotPassword() -> impl IntoView {
    let form = form_state();
    view! {
        <div class="mx-auto max-w-md">
            <PageHeading title="Forgot your password?" lead="We send you a link with which you set a new one." />
            <FormMessages state=form.clone() fields=&[("email", "E-mail address")] />
            <form method="post" action="/api/v1/accounts/request-password-reset" novalidate=true class="grid gap-5">
                <Field
                    name="email"
                    label="E-mail address"
                    kind=FieldKind::Email
                    value=form.value("email")
                    error=form.error_of("email")
                />
                <Button kind=ButtonKind::Primary>"Send the link"</Button>
            </form>
            <p class="mt-6 text-muted">
                <a href="/sign-in" class="text-accent underline underline-offset-2">"Back to sign in"</a>
            </p>
        </div>
    }
    .into_any()
}
