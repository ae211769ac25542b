//! `/account`

use leptos::prelude::*;

use super::query::form_state;
use crate::components::{
    Button, ButtonKind, Field, FieldKind, FormMessages, PageHeading, Panel, PrivateFrame, SignInFirst,
};
use crate::islands::AccountDetails;

/// Sender line, password and session.
#[component]
pub fn Account() -> impl IntoView {
    let form = form_state();
    let messages = form.clone();
    let (sender_name, sender_name_error) = (form.value("sender_name"), form.error_of("sender_name"));
    let (sender_number, sender_number_error) = (form.value("sender_number"), form.error_of("sender_number"));
    let (current_error, new_error) = (form.error_of("current_password"), form.error_of("new_password"));
    view! {
        <PageHeading title="Account" lead="Who your faxes are from, and how you sign in." />
        <FormMessages
            state=messages
            fields=&[
                ("sender_name", "Sender name"),
                ("sender_number", "Sender number"),
                ("current_password", "Current password"),
                ("new_password", "New password"),
            ]
        />
        <SignInFirst sentence="Sign in to see and change your account." next="/account" />
        <div class="grid gap-6 session-out:hidden lg:grid-cols-2">
            <Panel id="details" title="Your account">
                <AccountDetails />
                <PrivateFrame src="/api/v1/me" title="Your account" />
                <form id="resend-confirmation" method="post" action="/api/v1/me/resend-confirmation" class="mt-5 empty:hidden">
                    <p class="mb-3 text-sm text-muted">"No mail arrived, or its link has expired?"</p>
                    <Button kind=ButtonKind::Secondary>"Send the confirmation again"</Button>
                </form>
            </Panel>
            <Panel id="sender" title="Sender line">
                <p class="mb-5 text-muted">
                    "US law asks that every fax page says who sends it (47 CFR 68.318(d)). We print this at the top of each page, \
                     beside the time."
                </p>
                <form method="post" action="/api/v1/me" novalidate=true class="grid gap-5">
                    <Field
                        name="sender_name"
                        label="Sender name"
                        kind=FieldKind::Name
                        value=sender_name
                        hint="You or your business; at most 50 characters."
                        error=sender_name_error
                    />
                    <Field
                        name="sender_number"
                        label="Sender number"
                        kind=FieldKind::Telephone
                        value=sender_number
                        hint="A telephone number with its country code, as in +1 212 555 0100. May stay empty."
                        error=sender_number_error
                    />
                    <Button kind=ButtonKind::Primary>"Save sender line"</Button>
                </form>
            </Panel>
            <Panel id="password" title="Password">
                <form method="post" action="/api/v1/me/change-password" novalidate=true class="grid gap-5">
                    <Field
                        name="current_password"
                        label="Current password"
                        kind=FieldKind::Password
                        error=current_error
                    />
                    <Field
                        name="new_password"
                        label="New password"
                        kind=FieldKind::NewPassword
                        hint="At least 8 characters. Your other sessions end."
                        error=new_error
                    />
                    <Button kind=ButtonKind::Secondary>"Change password"</Button>
                </form>
            </Panel>
            <Panel id="session" title="Session">
                <p class="mb-5 text-muted">"Sign out when others use this browser too."</p>
                <form method="post" action="/api/v1/sessions/current/end">
                    <Button kind=ButtonKind::Secondary>"Sign out of this browser"</Button>
                </form>
            </Panel>
        </div>
    }
    .into_any()
}
