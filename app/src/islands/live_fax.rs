//! One fax, followed while it is under way: by server-sent events, and by asking every few seconds where
//! events do not get through.

use faxdroid_contract::faxes::{Attempt, Fax, FaxStatus};
use faxdroid_contract::ids::FaxId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::failure::{failure_view, loading_view};
use crate::api::{self, Failure};
use crate::components::ButtonKind;
use crate::components::status_badge::{status_class, status_word};
use crate::time;

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
#[island]
pub fn LiveFax(
    /// The fax.
    fax: FaxId,
) -> impl IntoView {
    let following = Following {
        fax: RwSignal::new(None),
        failure: RwSignal::new(None),
        tick: RwSignal::new(0),
        streaming: RwSignal::new(false),
    };
    Effect::new(move |_| follow(following, fax.clone()));
    view! {
        <div id="fax" class="mb-6 grid gap-6">
            {move || following.failure.with(|failure| failure.as_ref().map(failure_view))}
            {move || match following.fax.get() {
                Some(fax) => fax_view(following, fax),
                None if following.failure.with(Option::is_some) => ().into_any(),
                None => loading_view(),
            }}
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
                self.failure.set(None);
                if fax.version > known {
                    self.fax.set(Some(fax));
                }
            }
            Err(failure) => self.failure.set(Some(failure)),
        }
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
            if !following.streaming.get_untracked() && following.tick.get_untracked() % POLL_EVERY == 0 {
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
        if let Some(fax) = event.data().as_string().and_then(|data| serde_json::from_str(&data).ok()) {
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

fn fax_view(following: Following, fax: Fax) -> AnyView {
    let confirmed = pages_confirmed(&fax);
    let id = fax.id.clone();
    let shown = fax.clone();
    let sentence = move || {
        following.tick.track();
        let due = shown.next_attempt_at.as_deref().map(time::seconds_until);
        status_sentence(&shown, due)
    };
    view! {
        <section class="rounded-2xl border border-line bg-surface p-5 shadow-sheet sm:p-7">
            <div class="flex flex-wrap items-center justify-between gap-4">
                <h2 id="fax-to" class="font-display text-3xl font-semibold tracking-tight tabular-nums">{fax.to_display}</h2>
                <span id="fax-status" data-status=fax.status.as_str() class=status_class(fax.status)>{status_word(fax.status)}</span>
            </div>
            <p id="fax-sentence" role="status" class="mt-3 text-lg">{sentence}</p>
            <progress
                max=fax.pages.to_string()
                value=confirmed.to_string()
                aria-label="Pages confirmed"
                class="mt-4 h-2 w-full appearance-none overflow-hidden rounded-full bg-raised [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:bg-accent motion-safe:[&::-webkit-progress-value]:transition-all"
            ></progress>
            <p id="fax-pages" class="mt-1 text-sm text-muted">{format!("{confirmed} of {} pages confirmed", fax.pages)}</p>
            <dl class="mt-5 grid gap-x-8 gap-y-3 sm:grid-cols-4">
                {fact("Document", fax.document_name)}
                {fact("Destination", fax.destination.name)}
                {fact("Price", fax.price.to_string())}
                {fact("Sent", time::local(&fax.created_at))}
            </dl>
            {actions(following, id, fax.status)}
        </section>
        {attempts(fax.attempts, fax.max_attempts)}
    }
    .into_any()
}

fn fact(name: &'static str, value: String) -> AnyView {
    view! { <div class="min-w-0"><dt class="text-sm text-muted">{name}</dt><dd class="wrap-anywhere">{value}</dd></div> }.into_any()
}

/// Cancel or send again, whichever the status allows.
fn actions(following: Following, id: FaxId, status: FaxStatus) -> Option<AnyView> {
    let (label, action, kind) = if status.is_cancelable() {
        ("Cancel this fax", "cancel", ButtonKind::Danger)
    } else if status.is_final() {
        ("Send again", "resend", ButtonKind::Secondary)
    } else {
        return None;
    };
    let busy = RwSignal::new(false);
    // Made once for this button, so that pressing it twice sends one fax.
    let key = StoredValue::new(random_key());
    let address = format!("/api/v1/faxes/{id}/{action}");
    let act = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let id = id.clone();
        spawn_local(async move {
            if action == "cancel" {
                following.take(api::cancel_fax(&id).await);
            } else {
                match api::resend_fax(&id, &key.get_value()).await {
                    Ok(fax) => go_to(&format!("/faxes/{}", fax.id)),
                    Err(failure) => following.failure.set(Some(failure)),
                }
            }
            busy.set(false);
        });
    };
    Some(
        view! {
            <form method="post" action=address class="mt-6" on:submit=act>
                <button type="submit" class=kind.class() disabled=move || busy.get()>{label}</button>
            </form>
        }
        .into_any(),
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

fn attempts(attempts: Vec<Attempt>, max: u32) -> AnyView {
    if attempts.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="rounded-2xl border border-line bg-surface p-5 shadow-sheet sm:p-7">
            <h2 id="attempts-heading" class="mb-3 font-display text-2xl font-semibold tracking-tight">"Attempts"</h2>
            <div class="overflow-x-auto" tabindex="0" role="region" aria-labelledby="attempts-heading">
                <table class="w-full text-left">
                    <thead class="border-b border-line text-sm text-muted">
                        <tr>
                            {["Attempt", "When", "Result", "Pages", "Speed", "Far machine", "Length"]
                                .map(|name| view! { <th scope="col" class="py-2 pr-4 font-semibold whitespace-nowrap">{name}</th> })
                                .into_iter()
                                .collect::<Vec<_>>()}
                        </tr>
                    </thead>
                    <tbody id="attempts">
                        {attempts.into_iter().map(|attempt| row(attempt, max)).collect::<Vec<_>>()}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(attempt: Attempt, max: u32) -> AnyView {
    let cells = [
        format!("{} of {max}", attempt.number),
        time::local(&attempt.started_at),
        attempt.outcome.map_or("Calling\u{2026}", |outcome| outcome.explanation()).to_owned(),
        attempt.pages_confirmed.to_string(),
        attempt.bit_rate.map_or_else(String::new, |rate| format!("{rate} bit/s")),
        attempt.remote_station_id.unwrap_or_default(),
        attempt.duration_ms.map_or_else(String::new, |length| time::rough_duration(length.div_ceil(1000))),
    ];
    let outcome = attempt.outcome.map_or("calling", |outcome| outcome.as_str());
    view! {
        <tr data-outcome=outcome class="border-b border-line last:border-0">
            {cells.into_iter().map(|cell| view! { <td class="py-2.5 pr-4">{cell}</td> }).collect::<Vec<_>>()}
        </tr>
    }
    .into_any()
}

/// Pages that the call under way, or the one that delivered, has brought over.
fn pages_confirmed(fax: &Fax) -> u32 {
    match fax.status {
        FaxStatus::Delivered => fax.pages,
        FaxStatus::Sending => fax.attempts.last().map_or(0, |attempt| attempt.pages_confirmed),
        _ => 0,
    }
}

/// Where the fax is, in one sentence or two. `due` is the time to the next call in seconds.
fn status_sentence(fax: &Fax, due: Option<i64>) -> String {
    let last = fax
        .attempts
        .iter()
        .rev()
        .find_map(|attempt| attempt.outcome)
        .map_or("", |outcome| outcome.explanation());
    let next = due.map_or_else(|| "soon".to_owned(), time::countdown);
    match fax.status {
        FaxStatus::Queued => "Waiting for a line.".to_owned(),
        FaxStatus::Sending => {
            format!("Calling: attempt {} of {}.", fax.attempts.len().max(1), fax.max_attempts)
        }
        FaxStatus::Retrying => format!("{last} We call again {next}."),
        FaxStatus::Delivered => "Every page arrived and was confirmed by the far machine.".to_owned(),
        FaxStatus::Failed => format!("{last} No attempt is left; the refund is on its way."),
        FaxStatus::Refunded => format!("{last} The whole price, {}, is back on your balance.", fax.price),
        FaxStatus::Canceled => {
            format!("You canceled this fax. The whole price, {}, is back on your balance.", fax.price)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fax(status: &str, attempts: &str) -> Fax {
        serde_json::from_str(&format!(
            r#"{{"id":"fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2","status":"{status}","document_id":"doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2",
                "document_name":"letter.pdf","to":"+15005550002","to_display":"+1 500-555-0002",
                "destination":{{"country":"US","name":"United States","page_multiplier":1}},"resolution":"fine","pages":3,
                "price":{{"amount_minor":30,"currency":"USD"}},"version":4,"attempts":[{attempts}],"max_attempts":5,
                "estimated_seconds":60,"created_at":"2026-11-23T14:02:00Z"}}"#
        ))
        .unwrap()
    }

    const BUSY: &str = r#"{"id":"att_01KAT5W8Z3M4Q6R7S8T9V0W1X2","number":1,"started_at":"2026-11-23T14:02:01Z",
        "ended_at":"2026-11-23T14:02:09Z","outcome":"busy","pages_confirmed":0}"#;
    const CALLING: &str = r#"{"id":"att_01KAT5W8Z3M4Q6R7S8T9V0W1X3","number":2,"started_at":"2026-11-23T14:03:01Z","pages_confirmed":2}"#;

    #[test]
    fn between_attempts_it_says_why_and_when_the_next_call_is() {
        assert_eq!(
            status_sentence(&fax("retrying", BUSY), Some(125)),
            "The number was busy. We call again in 2 min 5 s."
        );
    }

    #[test]
    fn a_call_under_way_is_counted_with_its_pages() {
        let fax = fax("sending", &format!("{BUSY},{CALLING}"));
        assert_eq!(status_sentence(&fax, None), "Calling: attempt 2 of 5.");
        assert_eq!(pages_confirmed(&fax), 2);
    }

    #[test]
    fn the_end_says_where_the_money_is() {
        assert_eq!(
            status_sentence(&fax("refunded", BUSY), None),
            "The number was busy. The whole price, $0.30, is back on your balance."
        );
        assert_eq!(pages_confirmed(&fax("delivered", "")), 3);
    }
}
