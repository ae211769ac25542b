//! One fax, followed while it is under way: by server-sent events, and by asking every few seconds where
//! events do not get through.

use faxdroid_contract::faxes::{Attempt, Fax, FaxStatus};
use faxdroid_contract::ids::FaxId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

use super::element::{Element, cell, element, fact, facts, focus, page_count, row, show, table, write};
use super::failure::failure_view;
use super::fax_list::badge;
use crate::api::{self, Failure};
use crate::components::{ButtonKind, PANEL, PANEL_HEADING};
use crate::decode::decode;
use crate::time;

/// The id of the one button.
const ACTION: &str = "fax-action";
const COLUMNS: [&str; 7] = ["Attempt", "Result", "Pages", "When", "Length", "Speed", "Far machine"];

/// Seconds between questions while there is no event stream.
const POLL_EVERY: u32 = 3;

#[derive(Clone, Copy)]
struct Following {
    fax: RwSignal<Option<Fax>>,
    failure: RwSignal<Option<Failure>>,
    /// Counts seconds, for countdown and polling.
    tick: RwSignal<u32>,
    /// Whether the event stream is open.
    streaming: RwSignal<bool>,
}

/// Status, attempts and what can be done, live.
#[cfg_attr(feature = "islands", island)]
#[cfg_attr(not(feature = "islands"), component)]
pub fn LiveFax() -> impl IntoView {
    let following = Following {
        fax: RwSignal::new(None),
        failure: RwSignal::new(None),
        tick: RwSignal::new(0),
        streaming: RwSignal::new(false),
    };
    Effect::new(move |_| {
        if let Some(fax) = super::path_id() {
            follow(following, fax);
        }
    });
    Effect::new(move |_| following.show_failure());
    Effect::new(move |_| following.show_fax());
    Effect::new(move |_| following.show_countdown());
    view! {
        <div class="mb-6 grid grid-cols-[minmax(0,1fr)] gap-6">
            <div id="fax-failure"></div>
            <p id="fax-sentence" class="hidden text-xl scripts:block">
                <span id="fax-state" role="status">"Loading\u{2026}"</span>
                " "
                <span id="fax-countdown" class="text-muted tabular-nums"></span>
            </p>
            <div id="fax" class="grid grid-cols-[minmax(0,1fr)] gap-6"></div>
        </div>
    }
}

impl Following {
    /// Takes what is newer than what is shown.
    fn take(self, answer: Result<Fax, Failure>) {
        match answer {
            Ok(fax) => {
                let known =
                    self.fax.with_untracked(|known| known.as_ref().map_or(i64::MIN, |known| known.version));
                // What was refused stays said; that there was no answer is over.
                if self.failure.with_untracked(|failure| *failure == Some(Failure::Unreachable)) {
                    self.failure.set(None);
                }
                if fax.version > known {
                    self.fax.set(Some(fax));
                }
            }
            Err(failure) => self.failure.set(Some(failure)),
        }
    }

    fn show_failure(self) {
        let failure = self.failure.with(|failure| failure.as_ref().map(failure_view));
        if failure.is_some() && self.fax.with_untracked(Option::is_none) {
            write("fax-state", "");
        }
        show("fax-failure", failure.into_iter().collect());
    }

    fn show_fax(self) {
        self.fax.with(|fax| {
            let Some(fax) = fax else { return };
            // Whoever is about to press the button shall still be there afterwards.
            let pressing = document().active_element().is_some_and(|focused| focused.id() == ACTION);
            write("fax-state", &fax.status_sentence());
            show("fax", fax_view(self, fax));
            if pressing {
                focus(ACTION);
            }
        });
    }

    /// Apart from the sentence, which screen readers say when it changes.
    fn show_countdown(self) {
        self.tick.track();
        let words = self.fax.with(|fax| {
            let fax = fax.as_ref()?;
            if let Some(due) = &fax.next_attempt_at {
                return Some(format!("Next call {}.", time::countdown(time::seconds_until(due))));
            }
            let call = fax.attempts.last().filter(|attempt| attempt.outcome.is_none())?;
            let seconds = time::seconds_until(&call.started_at).min(0).unsigned_abs();
            if let Some(bar) = document().get_element_by_id("fax-progress") {
                // A number is always a value of a progress bar.
                let _ = bar.set_attribute("value", &fax.call_progress(seconds).to_string());
            }
            let left = u64::from(fax.estimated_seconds).checked_sub(seconds).filter(|left| *left > 0)?;
            Some(format!("About {} left.", time::rough_duration(left)))
        });
        write("fax-countdown", &words.unwrap_or_default());
    }

    fn is_over(self) -> bool {
        self.fax.with_untracked(|fax| fax.as_ref().is_some_and(|fax| fax.status.is_final()))
    }
}

fn follow(following: Following, id: FaxId) {
    listen(following, &id);
    ask(following, id.clone());
    set_interval(
        move || {
            if following.is_over() {
                return;
            }
            following.tick.update(|tick| *tick += 1);
            if !following.streaming.get_untracked()
                && following.tick.get_untracked().is_multiple_of(POLL_EVERY)
            {
                ask(following, id.clone());
            }
        },
        std::time::Duration::from_secs(1),
    );
}

fn ask(following: Following, id: FaxId) {
    spawn_local(async move { following.take(api::fax(&id).await) });
}

fn listen(following: Following, id: &FaxId) {
    let Ok(source) = EventSource::new(&api::fax_events_path(id)) else { return };
    let stream = source.clone();
    let on_fax = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        following.streaming.set(true);
        if let Some(fax) = event.data().as_string().and_then(|data| decode(&data)) {
            following.take(Ok(fax));
        }
        if following.is_over() {
            stream.close();
        }
    });
    // The browser opens the stream again by itself after a broken connection.
    let on_error = Closure::<dyn Fn()>::new(move || following.streaming.set(false));
    let _ = source.add_event_listener_with_callback("fax", on_fax.as_ref().unchecked_ref());
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    // Both live as long as the page.
    on_fax.forget();
    on_error.forget();
}

fn fax_view(following: Following, fax: &Fax) -> Vec<Element> {
    let confirmed = pages_confirmed(fax);
    let head = element("div", "flex flex-wrap items-center justify-between gap-4")
        .child(
            element("h2", "font-display text-3xl font-semibold tracking-tight tabular-nums")
                .id("fax-to")
                .text(&fax.to_display),
        )
        .child(badge(fax.status).id("fax-status"));
    let bar = element(
        "progress",
        "mt-4 h-2 w-full appearance-none overflow-hidden rounded-full bg-raised [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:bg-accent",
    )
    .id("fax-progress")
    .attribute("max", "1000")
    .attribute("value", &(confirmed * 1000 / fax.pages.max(1)).to_string())
    .attribute("aria-label", "Progress");
    let pages = format!("{confirmed} of {} confirmed", page_count(fax.pages));
    let about = facts(vec![
        fact("fax-document", "Document", &fax.document_name),
        fact("fax-destination", "Destination", &fax.destination.name),
        fact("fax-price", "Price", &fax.price.to_string()),
        fact("fax-created", "Sent", &time::local(&fax.created_at)),
    ]);
    let mut views = vec![
        element("section", PANEL)
            .child(head)
            .child(bar)
            .child(element("p", "mt-1 mb-5 text-sm text-muted").id("fax-pages").text(&pages))
            .child(about)
            .children(action(following, fax).into_iter().collect()),
    ];
    if !fax.attempts.is_empty() {
        let rows = fax.attempts.iter().map(|attempt| attempt_row(attempt, fax.max_attempts)).collect();
        let heading = element("h2", PANEL_HEADING).id("attempts-heading");
        views.push(element("section", PANEL).child(heading.text("Attempts")).child(table(
            "All attempts",
            &COLUMNS,
            element("tbody", "").id("attempts").children(rows),
        )));
    }
    views
}

fn attempt_row(attempt: &Attempt, max: u32) -> Element {
    let outcome = attempt.outcome.map_or("Calling\u{2026}", |outcome| outcome.explanation());
    let speed = attempt.bit_rate.map_or_else(String::new, |rate| format!("{rate} bit/s"));
    let length =
        attempt.duration_ms.map_or_else(String::new, |length| time::rough_duration(length.div_ceil(1000)));
    row(
        &COLUMNS,
        vec![
            cell(&format!("{} of {max}", attempt.number)),
            cell(outcome),
            cell(&attempt.pages_of_call()),
            cell(&time::local(&attempt.started_at)),
            cell(&length),
            cell(&speed),
            cell(attempt.remote_station_id.as_deref().unwrap_or_default()),
        ],
    )
    .attribute("data-outcome", attempt.outcome.map_or("calling", |outcome| outcome.as_str()))
}

/// Cancel or send again, whichever the status allows. Both are forms that would work without the handler.
fn action(following: Following, fax: &Fax) -> Option<Element> {
    let (label, name, class) = if fax.status.is_cancelable() {
        ("Cancel this fax", "cancel", ButtonKind::Danger.class())
    } else if fax.status.is_final() {
        ("Send again", "resend", ButtonKind::Secondary.class())
    } else {
        return None;
    };
    let id = fax.id.clone();
    // Made once for this button, so that pressing it twice sends one fax.
    let key = random_key();
    let submit: Box<dyn FnMut(Event)> = Box::new(move |event| {
        event.prevent_default();
        let (id, key) = (id.clone(), key.clone());
        spawn_local(async move {
            if name == "cancel" {
                return following.take(api::cancel_fax(&id).await);
            }
            match api::resend_fax(&id, &key).await {
                Ok(fax) => go_to(&format!("/faxes/{}", fax.id)),
                Err(failure) => following.take(Err(failure)),
            }
        });
    });
    Some(
        element("form", "mt-6")
            .attribute("method", "post")
            .attribute("action", &format!("/api/v1/faxes/{}/{name}", fax.id))
            .child(element("button", class).id(ACTION).text(label))
            .on("submit", submit),
    )
}

fn random_key() -> String {
    (0..4).map(|_| format!("{:08x}", (js_sys::Math::random() * f64::from(u32::MAX)) as u32)).collect()
}

/// Loads another page of this site.
pub(super) fn go_to(path: &str) {
    // A browser refuses only what is no address.
    let _ = window().location().set_href(path);
}

/// Pages that have been brought over, by the call under way or before it.
fn pages_confirmed(fax: &Fax) -> u32 {
    match fax.status {
        FaxStatus::Delivered => fax.pages,
        FaxStatus::Canceled | FaxStatus::Refunded => 0,
        _ => fax.attempts.last().map_or(0, Attempt::pages_arrived),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fax(status: &str, attempts: &str) -> Fax {
        decode(&format!(
            r#"{{"id":"fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2","status":"{status}","document_id":"doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
                "document_name":"letter.pdf","to":"+15005550002","to_display":"+1 500-555-0002",
                "destination":{{"country":"US","name":"United States","page_multiplier":1}},"resolution":"fine","pages":3,
                "price":{{"amount_minor":30,"currency":"USD"}},"version":4,"attempts":[{attempts}],"max_attempts":5,
                "estimated_seconds":60,"created_at":"2026-11-23T14:02:00Z"}}"#
        ))
        .unwrap()
    }

    const BUSY: &str = r#"{"id":"att_01KAT5W8Z3M4Q6R7S8T9V0W1X2","number":1,"started_at":"2026-11-23T14:02:01Z",
        "ended_at":"2026-11-23T14:02:09Z","outcome":"busy","first_page":1,"pages_confirmed":0}"#;
    const CALLING: &str = r#"{"id":"att_01KAT5W8Z3M4Q6R7S8T9V0W1X3","number":2,"started_at":"2026-11-23T14:03:01Z","first_page":1,"pages_confirmed":2}"#;

    #[test]
    fn between_attempts_it_says_why_and_that_another_call_follows() {
        assert_eq!(fax("retrying", BUSY).status_sentence(), "The number was busy. We call again.");
    }

    #[test]
    fn a_call_under_way_is_counted_with_its_pages() {
        let fax = fax("sending", &format!("{BUSY},{CALLING}"));
        assert_eq!(fax.status_sentence(), "Calling: attempt 2 of 5.");
        assert_eq!(pages_confirmed(&fax), 2);
    }

    #[test]
    fn the_end_says_where_the_money_is() {
        assert_eq!(
            fax("refunded", BUSY).status_sentence(),
            "The number was busy. The whole price, $0.30, is back on your balance."
        );
        assert_eq!(pages_confirmed(&fax("delivered", "")), 3);
    }
}
