//! One call, as Asterisk's events tell it. Their order is not promised: what arrived is kept, and what it means is asked
//! at the end.

use faxdroid_ami::Message;
use faxdroid_contract::faxes::AttemptOutcome;

use super::outcome::{self, Unanswered};
use super::results::FaxReport;
use crate::line::CallResult;

/// What has been heard of a call so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Asterisk's name of the channel, which the sessions of its modem are listed by.
    pub(super) channel: Option<String>,
    pub(super) answered: bool,
    rang: bool,
    report: Option<FaxReport>,
    hangup: Option<Hangup>,
    /// No call came about, or none that was answered.
    originate_failed: bool,
}

#[derive(Debug, Default)]
struct Hangup {
    cause: Option<u32>,
    sip_status: Option<u32>,
}

impl Heard {
    /// Takes an event of this call in.
    pub(super) fn hear(&mut self, event: &Message) {
        if let Some(channel) = event.filled("Channel") {
            self.channel.get_or_insert_with(|| channel.to_owned());
        }
        match event.event() {
            Some("Newstate") => match event.get("ChannelStateDesc") {
                Some("Up") => self.answered = true,
                Some("Ringing") => self.rang = true,
                _ => {}
            },
            Some("OriginateResponse") => match event.get("Response") {
                Some("Success") => self.answered = true,
                _ => self.originate_failed = true,
            },
            Some("UserEvent") if event.get("UserEvent") == Some("FaxOutDone") => {
                // Cut off, it says nothing; the file that was left says the same.
                self.report = self
                    .report
                    .take()
                    .or(event.get("Result").and_then(|text| FaxReport::parse(text.as_bytes())));
            }
            Some("Hangup") => {
                self.hangup = Some(Hangup {
                    cause: number(event, "Cause").filter(|cause| *cause > 0),
                    sip_status: number(event, "TechCause"),
                });
            }
            _ => {}
        }
    }

    /// A report that was found, not heard.
    pub(super) fn found(&mut self, report: FaxReport) {
        self.answered = true;
        self.report.get_or_insert(report);
    }

    /// Everything has been said.
    pub(super) fn is_over(&self) -> bool {
        self.hangup.is_some()
    }

    /// No channel came about, so that none will be hung up.
    pub(super) fn never_began(&self) -> bool {
        self.originate_failed && self.channel.is_none()
    }

    /// What it comes to, for a document of `pages` pages.
    pub(super) fn result(self, pages: u32) -> CallResult {
        let Hangup { cause, sip_status } = self.hangup.unwrap_or_default();
        let report = match (self.report, self.answered) {
            (Some(report), _) => report,
            // Answered, and gone before the dialplan began.
            (None, true) => FaxReport::default(),
            (None, false) => {
                let call = Unanswered { cause, sip_status, rang: self.rang };
                return CallResult {
                    outcome: outcome::of_unanswered(call),
                    q850_cause: cause,
                    ..CallResult::line_down()
                };
            }
        };
        let outcome = outcome::of_answered(&report, pages);
        CallResult {
            outcome,
            pages_confirmed: match outcome {
                AttemptOutcome::Delivered => pages,
                // More than there are: none of them is believed, for the next call leaves out what arrived.
                _ if report.pages > pages => 0,
                _ => report.pages,
            },
            q850_cause: cause.or(report.cause),
            t30_status: report.status_string.or(report.error),
            bit_rate: report.bit_rate,
            resolution: report.resolution,
            remote_station_id: report.remote_station_id,
        }
    }
}

fn number(event: &Message, field: &str) -> Option<u32> {
    event.get(field)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(fields: &[(&str, &str)]) -> Message {
        fields.iter().copied().collect()
    }

    fn result(events: &[Message]) -> CallResult {
        let mut heard = Heard::default();
        for event in events {
            heard.hear(event);
        }
        assert!(heard.is_over());
        heard.result(3)
    }

    const CHANNEL: (&str, &str) = ("Channel", "PJSIP/trunk-00000001");

    fn done(status: &str, error: &str, pages: &str) -> Message {
        let status_string = if error == "HANGUP" { "OK" } else { error };
        let report = format!(
            "status={status}&error={error}&status_string={status_string}&pages={pages}&bit_rate=14400\
             &resolution=8031x3850&remote_station_id=%2B1%20202%20555%200100&cause=&end=1"
        );
        event(&[("Event", "UserEvent"), ("UserEvent", "FaxOutDone"), CHANNEL, ("Result", &report)])
    }

    fn up() -> Message {
        event(&[("Event", "Newstate"), CHANNEL, ("ChannelStateDesc", "Up")])
    }

    fn hangup(cause: &str, sip_status: &str) -> Message {
        event(&[("Event", "Hangup"), CHANNEL, ("Cause", cause), ("TechCause", sip_status)])
    }

    #[test]
    fn a_fax_that_arrived_is_delivered_with_what_the_modem_said() {
        let result = result(&[up(), done("SUCCESS", "HANGUP", "3"), hangup("0", "")]);
        assert_eq!(
            result,
            CallResult {
                outcome: AttemptOutcome::Delivered,
                pages_confirmed: 3,
                q850_cause: None,
                t30_status: Some("OK".to_owned()),
                bit_rate: Some(14_400),
                resolution: Some("204x98".to_owned()),
                remote_station_id: Some("+1 202 555 0100".to_owned()),
            }
        );
    }

    #[test]
    fn what_is_preset_when_the_fax_begins_is_no_result() {
        let begins = event(&[
            ("Event", "OriginateResponse"),
            CHANNEL,
            ("Response", "Success"),
            ("ChanVariable", "FAXSTATUS=FAILED"),
            ("ChanVariable", "FAXERROR=INIT_ERROR"),
        ]);
        let sent = event(&[("Event", "SendFAX"), CHANNEL, ("PagesTransferred", "3")]);
        let result = result(&[begins, sent, done("SUCCESS", "", "3"), hangup("16", "")]);
        assert_eq!(result.outcome, AttemptOutcome::Delivered);
    }

    #[test]
    fn events_twice_and_in_another_order_come_to_the_same() {
        let result =
            result(&[hangup("16", ""), done("FAILED", "The call dropped prematurely", "1"), up(), up()]);
        assert_eq!((result.outcome, result.pages_confirmed), (AttemptOutcome::Dropped, 1));
        assert_eq!(result.t30_status.as_deref(), Some("The call dropped prematurely"));
    }

    #[test]
    fn a_busy_number_is_told_by_the_cause() {
        let failed =
            event(&[("Event", "OriginateResponse"), CHANNEL, ("Response", "Failure"), ("Reason", "0")]);
        let result = result(&[failed, hangup("17", "486")]);
        assert_eq!((result.outcome, result.q850_cause), (AttemptOutcome::Busy, Some(17)));
    }

    #[test]
    fn more_pages_than_the_document_has_are_not_believed() {
        let result =
            result(&[up(), done("FAILED", "The call dropped prematurely", "10000"), hangup("16", "")]);
        assert_eq!((result.outcome, result.pages_confirmed), (AttemptOutcome::Dropped, 0));
    }

    #[test]
    fn every_page_confirmed_is_delivered_however_the_call_ended() {
        let result = result(&[up(), done("FAILED", "The call dropped prematurely", "3"), hangup("16", "")]);
        assert_eq!((result.outcome, result.pages_confirmed), (AttemptOutcome::Delivered, 3));
    }

    #[test]
    fn the_first_whole_report_of_a_call_counts() {
        let cut_off =
            event(&[("Event", "UserEvent"), ("UserEvent", "FaxOutDone"), ("Result", "status=SUCCESS&pa")]);
        let failed = done("FAILED", "The call dropped prematurely", "1");
        let result = result(&[up(), cut_off, failed, done("SUCCESS", "", "3"), hangup("16", "")]);
        assert_eq!((result.outcome, result.pages_confirmed), (AttemptOutcome::Dropped, 1));
    }

    #[test]
    fn answered_and_hung_up_before_the_dialplan_began_is_not_a_fax_machine() {
        assert_eq!(result(&[up(), hangup("16", "")]).outcome, AttemptOutcome::NotAFax);
    }
}
