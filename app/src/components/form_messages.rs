//! What a form's answer says at the top of the page.

use leptos::prelude::*;

use crate::components::{Alert, AlertKind};
use crate::forms::FormState;

/// The notice, if there is one, and a summary of the errors with links to their fields.
#[component]
pub fn FormMessages(
    /// What the query says.
    state: FormState,
    /// The fields of the page's forms: name (also the input's id) and label. Errors of others are shown
    /// without a link.
    fields: &'static [(&'static str, &'static str)],
) -> impl IntoView {
    let notice = state.notice.map(|notice| {
        view! { <Alert kind=AlertKind::Success>{notice.sentence()}</Alert> }
    });
    let errors: Vec<_> = state
        .errors
        .iter()
        .map(|error| {
            let sentence = error.code.title();
            match fields.iter().find(|(name, _)| *name == error.field) {
                Some((name, label)) => view! {
                    <li><a href=format!("#{name}") class="underline">{*label}": "{sentence}</a></li>
                }
                .into_any(),
                None => view! { <li>{sentence}</li> }.into_any(),
            }
        })
        .collect();
    let summary = (!errors.is_empty()).then(|| {
        view! {
            <Alert kind=AlertKind::Error>
                <p class="font-semibold">"That did not work:"</p>
                <ul class="mt-1 list-disc pl-5">{errors}</ul>
            </Alert>
        }
    });
    (notice.is_some() || summary.is_some())
        .then(|| view! { <div id="messages" class="mb-6 grid gap-3">{notice}{summary}</div> })
}
