//! A labelled input with its hint and its error.

use leptos::prelude::*;

/// What is typed into a field; browsers choose keyboard and autofill by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Email,
    Telephone,
    Password,
    NewPassword,
    Name,
    CardNumber,
}

impl FieldKind {
    const fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Name | Self::CardNumber => "text",
            Self::Email => "email",
            Self::Telephone => "tel",
            Self::Password | Self::NewPassword => "password",
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            // A test card is not the reader's card, and a recipient's number is not his own.
            Self::Text | Self::CardNumber | Self::Telephone => "off",
            Self::Name => "name",
            Self::Email => "email",
            Self::Password => "current-password",
            Self::NewPassword => "new-password",
        }
    }

    const fn input_mode(self) -> &'static str {
        match self {
            Self::CardNumber => "numeric",
            Self::Telephone => "tel",
            Self::Email => "email",
            Self::Text | Self::Name | Self::Password | Self::NewPassword => "text",
        }
    }
}

/// The classes of every text input and select.
pub const INPUT: &str = "block w-full min-h-11 rounded-lg border border-edge bg-surface px-3 py-2 text-ink placeholder:text-muted aria-invalid:border-danger";
/// The classes of every label.
pub const LABEL: &str = "mb-1.5 block font-semibold";

/// An input whose label, hint and error belong together for a screen reader as well.
#[component]
pub fn Field(
    /// The name it is sent under; the input's id as well.
    name: &'static str,
    /// What it is called.
    label: &'static str,
    /// What is typed into it.
    kind: FieldKind,
    /// What it contains at first.
    #[prop(optional, into)]
    value: String,
    /// What helps to fill it in.
    #[prop(optional)]
    hint: &'static str,
    /// What is wrong with it.
    #[prop(optional_no_strip)]
    error: Option<&'static str>,
) -> impl IntoView {
    let described_by = match (hint.is_empty(), error.is_some()) {
        (true, false) => None,
        (true, true) => Some(format!("{name}-error")),
        (false, false) => Some(format!("{name}-hint")),
        (false, true) => Some(format!("{name}-error {name}-hint")),
    };
    view! {
        <div>
            <label for=name class=LABEL>{label}</label>
            <input
                id=name
                name=name
                type=kind.input_type()
                autocomplete=kind.autocomplete()
                inputmode=kind.input_mode()
                value=value
                aria-invalid=error.is_some().then_some("true")
                aria-describedby=described_by
                class=INPUT
            />
            <FieldError name error />
            {(!hint.is_empty()).then(|| view! {
                <p id=format!("{name}-hint") class="mt-1.5 text-sm text-muted">{hint}</p>
            })}
        </div>
    }
    .into_any()
}

/// What is wrong with a field, under it.
#[component]
pub fn FieldError(
    /// The field's name; the error's id is made from it.
    name: &'static str,
    /// The sentence; nothing is shown without one.
    error: Option<&'static str>,
) -> impl IntoView {
    error.map(|sentence| {
        view! {
            <p id=format!("{name}-error") class="mt-1.5 text-sm font-semibold text-danger">{sentence}</p>
        }
    })
}
