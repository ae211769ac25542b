//! A fax page drawn with boxes, for the home page.

use leptos::prelude::*;

/// A page as the far machine prints it, with the header line that every page carries. It shows nobody's
/// document, so screen readers pass over it.
#[component]
pub fn FaxSheet() -> impl IntoView {
    view! {
        <div
            aria-hidden="true"
            class="relative rotate-1 rounded-sm bg-sheet px-6 pt-3 pb-8 text-sheet-ink shadow-lifted motion-safe:transition-transform motion-safe:hover:rotate-0 sm:px-8"
        >
            <p class="flex justify-between gap-3 border-b border-dashed border-sheet-ink/30 pb-1.5 font-mono text-[0.625rem] leading-none whitespace-nowrap sm:text-[0.6875rem]">
                <span>"14:02 UTC"</span>
                <span class="truncate">"FROM YOUR NAME +1 500 555 0100"</span>
                <span>"P. 1 OF 3"</span>
            </p>
            <p class="mt-6 font-mono text-lg font-bold tracking-[0.3em] sm:text-xl">"REFERRAL"</p>
            <div class="mt-4 grid grid-cols-[5rem_1fr] gap-x-4 gap-y-2.5">
                <Bar width=BarWidth::Short /><Bar width=BarWidth::Half />
                <Bar width=BarWidth::Short /><Bar width=BarWidth::Most />
                <Bar width=BarWidth::Short /><Bar width=BarWidth::Third />
            </div>
            <div class="mt-6 grid gap-2.5">
                <Bar width=BarWidth::Full />
                <Bar width=BarWidth::Most />
                <Bar width=BarWidth::Full />
                <Bar width=BarWidth::Half />
            </div>
            <div class="mt-6 grid grid-cols-3 border border-sheet-ink/50">
                <Cell /><Cell /><Cell /><Cell /><Cell /><Cell />
            </div>
            <svg viewBox="0 0 160 40" class="mt-6 h-9 w-36" fill="none">
                <path
                    d="M4 28c12-26 20-26 18-6s8 12 14-4 10-6 8 6 10 6 16-2 8-2 10 4 20 2 30-4 30-6 54-2"
                    class="stroke-sheet-ink"
                    stroke-width="2.2"
                    stroke-linecap="round"
                />
            </svg>
            <div class="mt-1 h-px w-44 bg-sheet-ink/50"></div>
        </div>
    }
    .into_any()
}

#[derive(Debug, Clone, Copy)]
enum BarWidth {
    Short,
    Third,
    Half,
    Most,
    Full,
}

impl BarWidth {
    const fn class(self) -> &'static str {
        match self {
            Self::Short => "h-2 w-14 bg-sheet-ink/70",
            Self::Third => "h-2 w-1/3 bg-sheet-ink/35",
            Self::Half => "h-2 w-1/2 bg-sheet-ink/35",
            Self::Most => "h-2 w-11/12 bg-sheet-ink/35",
            Self::Full => "h-2 w-full bg-sheet-ink/35",
        }
    }
}

#[component]
fn Bar(
    /// How long the line of text is.
    width: BarWidth,
) -> impl IntoView {
    view! { <div class=width.class()></div> }.into_any()
}

#[component]
fn Cell() -> impl IntoView {
    view! {
        <div class="border-[0.5px] border-sheet-ink/50 p-2">
            <div class="h-1.5 w-2/3 bg-sheet-ink/35"></div>
        </div>
    }
    .into_any()
}
