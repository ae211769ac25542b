//! What the codes of the network and the words of the modem mean for a fax. The one table of it:
//!
//! | said | meaning | called again |
//! |---|---|---|
//! | every page is confirmed, or `FAXSTATUS` is `SUCCESS` and says so | delivered | |
//! | Q.850 17 (SIP 486, 600) | busy | yes |
//! | Q.850 18, 19, 20 after ringing, or our own limit on ringing | no answer | yes |
//! | Q.850 1, 2, 3, 22, 28 (SIP 404, 410, 484, 604) | unallocated | no |
//! | Q.850 21 (SIP 403, 603) | rejected | yes |
//! | Q.850 27, 31, 34, 38, 41, 42, 44, 58, 102, 127 and what is not known | congestion | yes |
//! | SIP 401, 407, and 408 without any ringing: the trunk | line down | yes, at no cost of an attempt |
//! | answered; T.38 not agreed, no fax tone, or ended before the far end named itself, and no page confirmed | not a fax | yes |
//! | answered; the far machine cannot receive pages of this kind | incompatible | yes |
//! | answered; the document or the modem could not be used on our side | line down | yes, at no cost of an attempt |
//! | answered; anything else before the last page, and what is not known | dropped | yes, from the first page not confirmed |
//! | canceled by the customer during the call | canceled | no |
//!
//! Each of the modem's sentences stands in one of the lists below.
//!
//! The names of causes are ITU-T Q.850's, the mapping from SIP is Asterisk's (`ast_sip_hangup_sip2cause`). The modem's
//! sentences are spandsp's, word for word (`t30_logging.c`). Asterisk's documentation says that `FAXSTATUS` is `SUCCESS` or
//! `FAILURE`; its code says `FAILED`. `FAXERROR` is filled after a success too (`HANGUP`) and decides nothing then.

use faxdroid_contract::faxes::AttemptOutcome;

use super::results::FaxReport;

/// How a call ended that nobody answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unanswered {
    /// ITU-T Q.850.
    pub(super) cause: Option<u32>,
    /// The SIP status of the carrier's answer.
    pub(super) sip_status: Option<u32>,
    /// The far telephone rang, so the trunk works.
    pub(super) rang: bool,
}

pub(super) fn of_unanswered(call: Unanswered) -> AttemptOutcome {
    match (call.sip_status, call.cause) {
        (Some(401 | 407), _) => AttemptOutcome::LineDown,
        (Some(408), _) if !call.rang => AttemptOutcome::LineDown,
        (_, Some(17)) => AttemptOutcome::Busy,
        (_, Some(18..=20)) => AttemptOutcome::NoAnswer,
        (_, Some(1 | 2 | 3 | 22 | 28)) => AttemptOutcome::Unallocated,
        (_, Some(21)) => AttemptOutcome::Rejected,
        (_, cause) => {
            if !matches!(cause, Some(27 | 31 | 34 | 38 | 41 | 42 | 44 | 58 | 102 | 127)) {
                tracing::warn!(cause, sip_status = call.sip_status, "hangup_cause_unknown");
            }
            AttemptOutcome::Congestion
        }
    }
}

/// What says that no fax machine is there: it never spoke as one.
const NOT_A_FAX: [&str; 5] = [
    "T38_NEG_ERROR",
    "error negotiating T.38",
    "The CED tone exceeded 5s",
    "Timed out waiting for initial communication",
    "Timed out waiting for the first message",
];
/// What is wrong with our document, our modem or our Asterisk.
const OURS: [&str; 14] = [
    "INIT_ERROR",
    "INVALID_ARGUMENTS",
    "MEMORY_ERROR",
    "FILE_ERROR",
    "TIFF/F file cannot be opened",
    "TIFF/F page not found",
    "TIFF/F format is not compatible",
    "TIFF/F page number tag missing",
    "Incorrect values for TIFF/F tags",
    "Bad TIFF/F header - incorrect values in fields",
    "Cannot allocate memory for more pages",
    "error starting fax session",
    "error opening file",
    "no available fax sessions",
];

/// What says that the far machine is one, and cannot receive this.
const INCOMPATIBLE: [&str; 9] = [
    "Far end is not compatible",
    "Far end is not able to receive",
    "Far end is not able to transmit",
    "Far end cannot receive at the resolution of the image",
    "Far end cannot receive at the size of image",
    "Password not accepted",
    "Sub-address not accepted",
    "Sender identification not accepted",
    "Transmitting subscriber identity (TSI) not accepted",
];
/// What goes wrong between two fax machines. The rest of spandsp's sentences are of polling and receiving, and of addresses
/// that we do not send.
const ON_THE_WAY: [&str; 32] = [
    "Timed out waiting for procedural interrupt",
    "The HDLC carrier did not stop in a timely manner",
    "Failed to train with any of the compatible modems",
    "Operator intervention failed",
    "Unexpected message received",
    "Received bad response to DCS or training",
    "Received a DCN from remote after sending a page",
    "Invalid ECM response received from receiver",
    "Received a DCN while waiting for a DIS",
    "Invalid response after sending a page",
    "Received other than DIS while waiting for DIS",
    "Received no response to DCS or TCF",
    "No response after sending a page",
    "Timed out waiting for receiver ready (ECM mode)",
    "Invalid ECM response received from transmitter",
    "Carrier lost during fax receive",
    "Timer T2 expired while waiting for NSS, DCS or MCF",
    "Timer T2 expired while waiting for DCN",
    "Timer T2 expired while waiting for fax page",
    "Timer T2 expired while waiting for next fax page",
    "Timer T2 expired while waiting for phase D",
    "Timer T2 expired while waiting for RR command",
    "Disconnected after permitted retries",
    "The call dropped prematurely",
    "Poll not accepted",
    "Ident not accepted",
    "Selective polling address not accepted",
    "Polled sub-address not accepted",
    "Called subscriber internet address not accepted",
    // Asterisk's own
    "HANGUP",
    "TIMEOUT",
    "Channel Problems",
];

/// Of a call that was answered, whose document has `pages` pages.
pub(super) fn of_answered(report: &FaxReport, pages: u32) -> AttemptOutcome {
    let succeeded = report.status.as_deref() == Some("SUCCESS");
    if report.pages == pages && pages > 0 || succeeded && report.pages >= pages {
        return AttemptOutcome::Delivered;
    }
    let said = |sentences: &[&str]| {
        [&report.error, &report.status_string]
            .into_iter()
            .flatten()
            .any(|words| sentences.iter().any(|sentence| words.eq_ignore_ascii_case(sentence)))
    };
    if said(&OURS) {
        AttemptOutcome::LineDown
    } else if report.pages == 0 && (report.remote_station_id.is_none() || said(&NOT_A_FAX)) {
        AttemptOutcome::NotAFax
    } else if report.pages == 0 && said(&INCOMPATIBLE) {
        AttemptOutcome::Incompatible
    } else {
        if !said(&ON_THE_WAY) && !said(&INCOMPATIBLE) && !said(&NOT_A_FAX) {
            tracing::warn!(error = report.error, status = report.status_string, "t30_status_unknown");
        }
        AttemptOutcome::Dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_mean_what_the_table_says() {
        let outcome = |cause, sip_status, rang| {
            of_unanswered(Unanswered { cause: Some(cause), sip_status: Some(sip_status), rang })
        };
        assert_eq!(outcome(17, 486, true), AttemptOutcome::Busy);
        assert_eq!(outcome(19, 480, true), AttemptOutcome::NoAnswer);
        assert_eq!(outcome(18, 408, true), AttemptOutcome::NoAnswer);
        assert_eq!(outcome(1, 404, false), AttemptOutcome::Unallocated);
        assert_eq!(outcome(22, 410, false), AttemptOutcome::Unallocated);
        assert_eq!(outcome(21, 603, true), AttemptOutcome::Rejected);
        assert_eq!(outcome(34, 503, false), AttemptOutcome::Congestion);
        assert_eq!(outcome(99, 599, false), AttemptOutcome::Congestion);
        assert_eq!(of_unanswered(Unanswered::default()), AttemptOutcome::Congestion);
    }

    #[test]
    fn what_the_trunk_does_to_us_costs_the_customer_nothing() {
        let outcome = |cause, sip_status| {
            of_unanswered(Unanswered { cause: Some(cause), sip_status: Some(sip_status), rang: false })
        };
        assert_eq!(outcome(21, 401), AttemptOutcome::LineDown);
        assert_eq!(outcome(21, 407), AttemptOutcome::LineDown);
        assert_eq!(outcome(18, 408), AttemptOutcome::LineDown);
    }

    fn report(status: &str, error: &str, pages: u32) -> FaxReport {
        FaxReport {
            status: Some(status.to_owned()).filter(|status| !status.is_empty()),
            error: Some(error.to_owned()),
            status_string: Some(error.to_owned()),
            pages,
            remote_station_id: Some("+12025550100".to_owned()),
            ..FaxReport::default()
        }
    }

    #[test]
    fn a_success_is_one_though_the_far_end_hung_up_first() {
        assert_eq!(of_answered(&report("SUCCESS", "HANGUP", 3), 3), AttemptOutcome::Delivered);
        assert_eq!(of_answered(&report("SUCCESS", "HANGUP", 10_000), 3), AttemptOutcome::Delivered);
    }

    #[test]
    fn a_success_of_too_few_pages_is_none() {
        assert_eq!(of_answered(&report("SUCCESS", "HANGUP", 2), 3), AttemptOutcome::Dropped);
        assert_eq!(of_answered(&report("SUCCESS", "", 0), 3), AttemptOutcome::Dropped);
    }

    #[test]
    fn who_never_spoke_as_a_fax_machine_is_none() {
        for words in NOT_A_FAX {
            assert_eq!(of_answered(&report("FAILED", words, 0), 3), AttemptOutcome::NotAFax, "{words}");
            assert_eq!(of_answered(&report("FAILED", words, 1), 3), AttemptOutcome::Dropped, "{words}");
        }
        let voice =
            FaxReport { remote_station_id: None, ..report("FAILED", "The call dropped prematurely", 0) };
        assert_eq!(of_answered(&voice, 3), AttemptOutcome::NotAFax);
        assert_eq!(of_answered(&FaxReport::default(), 3), AttemptOutcome::NotAFax);
    }

    #[test]
    fn a_machine_that_cannot_receive_this_says_so() {
        for words in INCOMPATIBLE {
            assert_eq!(of_answered(&report("FAILED", words, 0), 3), AttemptOutcome::Incompatible, "{words}");
        }
    }

    #[test]
    fn what_goes_wrong_on_the_way_is_a_dropped_call() {
        for words in ON_THE_WAY {
            assert_eq!(of_answered(&report("FAILED", words, 0), 3), AttemptOutcome::Dropped, "{words}");
        }
    }

    #[test]
    fn every_sentence_means_one_thing() {
        let mut sentences = [&NOT_A_FAX[..], &OURS, &INCOMPATIBLE, &ON_THE_WAY].concat();
        let count = sentences.len();
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), count);
    }

    #[test]
    fn what_we_did_wrong_is_ours() {
        for words in OURS {
            assert_eq!(of_answered(&report("FAILED", words, 0), 3), AttemptOutcome::LineDown, "{words}");
        }
    }

    #[test]
    fn a_failure_nobody_has_heard_of_is_a_dropped_call() {
        assert_eq!(of_answered(&report("FAILED", "Something new", 0), 3), AttemptOutcome::Dropped);
    }
}
