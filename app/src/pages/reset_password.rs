//! `/reset-password?token=…`

use leptos::prelude::*;

use super::query::form_state;
use crate::components::{Button, ButtonKind, Field, FieldKind, FormMessages, PageHeading};

/// The page that a link in a mail leads to.
#[component]
pub fn ResetPassword() -> impl IntoView {
    let form = form_state();
    view! {
        <div class="mx-auto max-w-md">
            <PageHeading title="Set a new password" lead="All sessions of the account end, and you sign in again with the new password." />
            <FormMessages state=form.clone() fields=&[("password", "New password")] />
            <form method="post" action="/api/v1/accounts/reset-password" novalidate=true class="grid gap-5">
                <input type="hidden" name="token" value=form.value("token") />
                <Field
                    name="password"
                    label="New password"
                    kind=FieldKind::NewPassword
                    hint="At least 8 characters. Long is better than complicated."
                    error=form.error_of("password")
                />
                <Button kind=ButtonKind::Primary>"Set password"</Button>
            </form>
            <p class="mt-6 text-muted">
                "Has the link expired? "
                <a href="/forgot-password" class="text-accent underline underline-offset-2">"Ask for a new one"</a>
            </p>
        </div>
    }
    .into_any()
}
