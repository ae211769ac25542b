//! The life of a fax as one pure function: what may happen in which state, and what has to happen with it in the
//! same transaction. Nothing else in the program decides about the status of a fax.
//!
//! ```text
//!   queued ──claimed──▶ sending ──delivered──▶ delivered
//!     ▲ │                │ │ └──last attempt failed──▶ failed ──refund paid──▶ refunded
//!     │ │canceled        │ │attempt failed
//!     │ ▼                │ ▼
//!     │ canceled ◀───────┴─ retrying
//!     └────retry due────────┘
//! ```
//!
//! A call that is under way when its fax is canceled ends in the books at once; the line hangs up a moment later, and
//! keeps the lane of the number until then.
//!
//! One event goes against the arrows: a call that was taken for lost with its server, and is found to have delivered
//! every page. A fax that arrived is not sent again, so it ends there, unless it is being called or has been given back.
//!
//! A number that does not exist is not called again (ITU-T Q.850 cause 1). A call that our own line or server
//! failed costs the customer none of his attempts, but a line that is down for a day must not keep his money for
//! ever, so those calls have a limit of their own.

use faxdroid_contract::faxes::{AttemptOutcome, FaxStatus, MAX_ATTEMPTS};

/// How often our own line may fail a fax before it is given up. With the growing delay this is most of a day.
pub const MAX_LINE_FAILURES: u32 = 20;

/// All that decides what may happen next to a fax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    pub status: FaxStatus,
    /// Calls that count as one of the customer's attempts.
    pub attempts_made: u32,
    /// Calls that do not.
    pub line_failures: u32,
}

/// What happens to a fax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A dispatcher takes it and calls.
    Claimed,
    /// The call is over. A lost lease is a call that ended with [`AttemptOutcome::LineDown`].
    CallEnded(AttemptOutcome),
    /// An attempt that ended as [`AttemptOutcome::LineDown`] because nobody knew better has delivered every page.
    FoundDelivered,
    /// The time of the next attempt has come.
    RetryDue,
    /// The customer wants it no more.
    Canceled,
    /// The refund of a failed fax is handled.
    RefundDue,
}

/// What has to happen in the transaction that writes the new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Record a call as begun and occupy the lane to its number.
    StartCall { number: u32 },
    /// Record how the call ended and leave the lane.
    EndCall(AttemptOutcome),
    /// Record that the call is given up. Whoever hangs it up leaves the lane.
    AbandonCall,
    /// Record how the call ended in truth.
    CorrectAttempt,
    /// Send a message that is delivered when the next attempt is due.
    ScheduleRetry(Retry),
    /// Send a message to the refunds queue.
    RequestRefund,
    /// The charge becomes revenue.
    Capture,
    /// The charge goes back to the customer.
    Refund,
}

/// Which delay precedes the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After so many failed attempts.
    AfterAttempt(u32),
    /// After so many failures of our own line.
    AfterLineFailure(u32),
}

/// A step in the life of a fax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub state: State,
    pub effects: Vec<Effect>,
}

/// What happened cannot happen in this state: it came late, or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a fax that is {}", status.as_str())]
pub struct IllegalTransition {
    pub status: FaxStatus,
    pub event: Event,
}

impl State {
    /// A fax whose charge has just been held.
    pub const ACCEPTED: Self = Self { status: FaxStatus::Queued, attempts_made: 0, line_failures: 0 };

    fn to(self, status: FaxStatus) -> Self {
        Self { status, ..self }
    }
}

/// The new state and its effects, or why there is none.
pub fn transition(state: State, event: Event) -> Result<Transition, IllegalTransition> {
    use FaxStatus::{Canceled, Failed, Queued, Refunded, Retrying, Sending};

    let (state, effects) = match (state.status, event) {
        (Queued, Event::Claimed) => {
            let number = state.attempts_made + state.line_failures + 1;
            (state.to(Sending), vec![Effect::StartCall { number }])
        }
        // No line says so; it is the customer who cancels.
        (Sending, Event::CallEnded(outcome)) if outcome != AttemptOutcome::Canceled => {
            let (state, consequence) = after_call(state, outcome);
            (state, vec![Effect::EndCall(outcome), consequence])
        }
        (Queued | Retrying | Failed, Event::FoundDelivered) if state.line_failures > 0 => {
            let state = State {
                status: FaxStatus::Delivered,
                attempts_made: state.attempts_made + 1,
                line_failures: state.line_failures - 1,
            };
            (state, vec![Effect::CorrectAttempt, Effect::Capture])
        }
        (Retrying, Event::RetryDue) => (state.to(Queued), vec![]),
        (Queued | Retrying, Event::Canceled) => (state.to(Canceled), vec![Effect::Refund]),
        (Sending, Event::Canceled) => (state.to(Canceled), vec![Effect::AbandonCall, Effect::Refund]),
        (Failed, Event::RefundDue) => (state.to(Refunded), vec![Effect::Refund]),
        (status, event) => return Err(IllegalTransition { status, event }),
    };
    Ok(Transition { state, effects })
}

fn after_call(state: State, outcome: AttemptOutcome) -> (State, Effect) {
    use AttemptOutcome::{
        Busy, Canceled, Congestion, Delivered, Dropped, Incompatible, LineDown, NoAnswer, NotAFax, Rejected,
        Unallocated,
    };

    if outcome == LineDown {
        let line_failures = state.line_failures + 1;
        let state = State { line_failures, ..state };
        return if line_failures < MAX_LINE_FAILURES {
            let retry = Retry::AfterLineFailure(line_failures);
            (state.to(FaxStatus::Retrying), Effect::ScheduleRetry(retry))
        } else {
            (state.to(FaxStatus::Failed), Effect::RequestRefund)
        };
    }
    let attempts_made = state.attempts_made + 1;
    let state = State { attempts_made, ..state };
    match outcome {
        Delivered => (state.to(FaxStatus::Delivered), Effect::Capture),
        Busy | NoAnswer | NotAFax | Dropped | Incompatible | Rejected | Congestion
            if attempts_made < MAX_ATTEMPTS =>
        {
            let retry = Retry::AfterAttempt(attempts_made);
            (state.to(FaxStatus::Retrying), Effect::ScheduleRetry(retry))
        }
        Busy | NoAnswer | NotAFax | Dropped | Incompatible | Rejected | Congestion | Unallocated
        | Canceled | LineDown => (state.to(FaxStatus::Failed), Effect::RequestRefund),
    }
}

#[cfg(test)]
mod tests {
    use AttemptOutcome::{Busy, Delivered, Dropped, LineDown, Unallocated};
    use Effect::{
        AbandonCall, Capture, CorrectAttempt, EndCall, Refund, RequestRefund, ScheduleRetry, StartCall,
    };
    use Event::{CallEnded, Canceled, Claimed, FoundDelivered, RefundDue, RetryDue};
    use FaxStatus as Is;
    use Retry::{AfterAttempt, AfterLineFailure};

    use super::*;

    fn fax(status: FaxStatus, attempts_made: u32, line_failures: u32) -> State {
        State { status, attempts_made, line_failures }
    }

    #[test]
    fn every_legal_step_of_a_fax_stands_in_this_table() {
        let last = MAX_LINE_FAILURES;
        let table: Vec<(State, Event, State, Vec<Effect>)> = vec![
            (State::ACCEPTED, Claimed, fax(Is::Sending, 0, 0), vec![StartCall { number: 1 }]),
            (fax(Is::Queued, 2, 1), Claimed, fax(Is::Sending, 2, 1), vec![StartCall { number: 4 }]),
            (
                fax(Is::Sending, 0, 0),
                CallEnded(Delivered),
                fax(Is::Delivered, 1, 0),
                vec![EndCall(Delivered), Capture],
            ),
            (
                fax(Is::Sending, 4, 0),
                CallEnded(Delivered),
                fax(Is::Delivered, 5, 0),
                vec![EndCall(Delivered), Capture],
            ),
            (
                fax(Is::Sending, 0, 0),
                CallEnded(Busy),
                fax(Is::Retrying, 1, 0),
                vec![EndCall(Busy), ScheduleRetry(AfterAttempt(1))],
            ),
            (
                fax(Is::Sending, 3, 2),
                CallEnded(Dropped),
                fax(Is::Retrying, 4, 2),
                vec![EndCall(Dropped), ScheduleRetry(AfterAttempt(4))],
            ),
            (
                fax(Is::Sending, 4, 0),
                CallEnded(Dropped),
                fax(Is::Failed, 5, 0),
                vec![EndCall(Dropped), RequestRefund],
            ),
            (
                fax(Is::Sending, 0, 0),
                CallEnded(Unallocated),
                fax(Is::Failed, 1, 0),
                vec![EndCall(Unallocated), RequestRefund],
            ),
            (
                fax(Is::Sending, 4, 0),
                CallEnded(LineDown),
                fax(Is::Retrying, 4, 1),
                vec![EndCall(LineDown), ScheduleRetry(AfterLineFailure(1))],
            ),
            (
                fax(Is::Sending, 0, last - 1),
                CallEnded(LineDown),
                fax(Is::Failed, 0, last),
                vec![EndCall(LineDown), RequestRefund],
            ),
            (fax(Is::Queued, 1, 1), FoundDelivered, fax(Is::Delivered, 2, 0), vec![CorrectAttempt, Capture]),
            (
                fax(Is::Failed, 0, last),
                FoundDelivered,
                fax(Is::Delivered, 1, last - 1),
                vec![CorrectAttempt, Capture],
            ),
            (fax(Is::Retrying, 1, 0), RetryDue, fax(Is::Queued, 1, 0), vec![]),
            (State::ACCEPTED, Canceled, fax(Is::Canceled, 0, 0), vec![Refund]),
            (fax(Is::Retrying, 3, 0), Canceled, fax(Is::Canceled, 3, 0), vec![Refund]),
            (fax(Is::Sending, 1, 0), Canceled, fax(Is::Canceled, 1, 0), vec![AbandonCall, Refund]),
            (fax(Is::Failed, 5, 0), RefundDue, fax(Is::Refunded, 5, 0), vec![Refund]),
        ];
        for (before, event, state, effects) in table {
            assert_eq!(transition(before, event), Ok(Transition { state, effects }), "{before:?} {event:?}");
        }
    }

    #[test]
    fn whatever_is_not_in_the_picture_is_refused() {
        let allowed = |status: FaxStatus, event: Event| {
            matches!(
                (status, event),
                (Is::Queued, Claimed | Canceled | FoundDelivered)
                    | (Is::Sending, CallEnded(_) | Canceled)
                    | (Is::Retrying, RetryDue | Canceled | FoundDelivered)
                    | (Is::Failed, RefundDue | FoundDelivered)
            )
        };
        let ends = AttemptOutcome::ALL.into_iter().filter(|outcome| *outcome != AttemptOutcome::Canceled);
        let calls = ends.map(CallEnded);
        let others = [Claimed, FoundDelivered, RetryDue, Canceled, RefundDue];
        let events: Vec<Event> = others.into_iter().chain(calls).collect();
        for status in FaxStatus::ALL {
            for event in &events {
                let result = transition(fax(status, 0, 1), *event);
                assert_eq!(result.is_ok(), allowed(status, *event), "{status:?} {event:?}");
                if let Ok(step) = result {
                    assert!(!status.is_final(), "{status:?} is final");
                    assert!(step.state.status != status, "{status:?} {event:?} leads nowhere");
                }
            }
        }
    }

    #[test]
    fn what_customers_are_told_follows_a_call_is_what_follows() {
        for outcome in AttemptOutcome::ALL.into_iter().filter(|outcome| *outcome != AttemptOutcome::Canceled)
        {
            let after = transition(fax(Is::Sending, 0, 0), CallEnded(outcome)).unwrap().state;
            let called_again = outcome.consequence().starts_with("Called again");
            assert_eq!(called_again, after.status == Is::Retrying, "{outcome:?}");
            assert_eq!(outcome.consequence().contains("no attempt"), after.attempts_made == 0, "{outcome:?}");
        }
    }

    #[test]
    fn only_a_customer_cancels_a_call() {
        for status in FaxStatus::ALL {
            assert!(
                transition(fax(status, 0, 1), CallEnded(AttemptOutcome::Canceled)).is_err(),
                "{status:?}"
            );
        }
    }

    #[test]
    fn nothing_is_found_of_a_fax_whose_calls_all_have_a_result() {
        for status in FaxStatus::ALL {
            assert!(transition(fax(status, 3, 0), FoundDelivered).is_err(), "{status:?}");
        }
    }

    #[test]
    fn a_customer_may_cancel_exactly_while_the_contract_says_so() {
        for status in FaxStatus::ALL {
            assert_eq!(transition(fax(status, 0, 0), Canceled).is_ok(), status.is_cancelable());
        }
    }

    #[test]
    fn a_fax_that_always_fails_is_called_five_times() {
        let mut state = State::ACCEPTED;
        let mut calls = 0;
        while state.status == Is::Queued {
            state = transition(state, Claimed).unwrap().state;
            state = transition(state, CallEnded(Busy)).unwrap().state;
            calls += 1;
            if state.status == Is::Retrying {
                state = transition(state, RetryDue).unwrap().state;
            }
        }
        assert_eq!((state.status, calls), (Is::Failed, 5));
    }
}
