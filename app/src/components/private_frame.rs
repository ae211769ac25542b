//! Private data for readers without scripts.

use leptos::prelude::*;

/// How much of a frame is seen without scrolling in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameHeight {
    /// A few lines.
    Few,
    /// A table, or pages of a document.
    Much,
}

impl FrameHeight {
    const fn class(self) -> &'static str {
        match self {
            Self::Few => "h-52 w-full",
            Self::Much => "h-[32rem] w-full",
        }
    }
}

/// A frame that the API fills with a plain page, shown only where scripts are off. Pages themselves never
/// contain what belongs to one customer.
#[component]
pub fn PrivateFrame(
    /// The API's path.
    #[prop(into)]
    src: String,
    /// What the frame shows.
    title: &'static str,
    /// How much of it is seen at once.
    #[prop(default = FrameHeight::Few)]
    height: FrameHeight,
) -> impl IntoView {
    view! {
        <noscript>
            <iframe src=src title=title class=height.class()></iframe>
        </noscript>
    }
    .into_any()
}
