//! A telephone network of our own, for development and tests: what a far end does depends on its number alone (see
//! [`faxdroid_contract::test_numbers`]).
//!
//! It takes the time a real call takes, multiplied by a scale: about 20 seconds before and after the pages, and per
//! page its bytes at the modems' speed (measured between two Asterisk servers: one page of text in fine resolution
//! takes 44 seconds). What the far end received is kept, see [`FarEnd`].

use std::io::{self, Read as _, Seek as _};
use std::time::Duration;

use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_contract::test_numbers::{self, TestBehavior};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::{CallResult, Line, OutgoingCall, Progress};

mod far_end;
mod tiff_pages;

pub use far_end::{FarEnd, Received};

const DIALING: f64 = 4.0;
const RINGING_UNANSWERED: f64 = 30.0;
const HANDSHAKE: f64 = 14.0;
const HANGING_UP: f64 = 2.0;
/// A calling machine waits so long for a fax tone (ITU-T T.30, timer T1).
const WAITING_FOR_A_FAX_TONE: f64 = 35.0;
const BIT_RATE: u32 = 14_400;
const SLOW_BIT_RATE: u32 = 2_400;

/// The simulated network.
pub struct SimulatedLine {
    far_end: FarEnd,
    time_scale: f64,
}

impl SimulatedLine {
    /// A call takes `time_scale` times as long as a real one.
    pub fn new(far_end: FarEnd, time_scale: f64) -> Self {
        Self { far_end, time_scale }
    }

    async fn pass(&self, seconds: f64) {
        let scaled = (seconds * self.time_scale).clamp(0.0, 86_400.0);
        sleep(Duration::from_secs_f64(scaled)).await;
    }

    async fn fail(&self, failure: Failure) -> CallResult {
        self.pass(failure.seconds).await;
        CallResult {
            outcome: failure.outcome,
            pages_confirmed: 0,
            q850_cause: Some(failure.q850_cause),
            t30_status: failure.t30_status.map(str::to_owned),
            ..CallResult::line_down()
        }
    }

    async fn transmit(
        &self,
        call: OutgoingCall,
        progress: mpsc::Sender<Progress>,
        bit_rate: u32,
        hangs_up_after: Option<u32>,
    ) -> CallResult {
        let tiff = match document_of(&call) {
            Ok(tiff) => tiff,
            Err(error) => {
                tracing::error!(attempt_id = %call.attempt_id, %error, "the document cannot be read");
                return CallResult::line_down();
            }
        };
        let Some(pages) = tiff_pages::read(&tiff) else {
            tracing::error!(attempt_id = %call.attempt_id, "the document is not a TIFF file");
            return CallResult::line_down();
        };
        self.pass(DIALING + HANDSHAKE).await;
        let mut confirmed = 0;
        for page in &pages {
            if hangs_up_after == Some(confirmed) {
                break;
            }
            #[expect(clippy::cast_precision_loss, reason = "a page has fewer than 2^52 bytes")]
            self.pass(page.bytes as f64 * 8.0 / f64::from(bit_rate)).await;
            confirmed += 1;
            // Nobody may be listening any more, or not fast enough; the result says the same at the end.
            let _ = progress.try_send(Progress { pages_confirmed: confirmed });
        }
        self.pass(HANGING_UP).await;
        let complete = confirmed as usize == pages.len();
        let result = CallResult {
            outcome: if complete { AttemptOutcome::Delivered } else { AttemptOutcome::Dropped },
            pages_confirmed: confirmed,
            q850_cause: Some(16),
            t30_status: Some(if complete { "OK" } else { "The call dropped prematurely" }.to_owned()),
            bit_rate: Some(bit_rate),
            resolution: Some(format!("204x{}", call.resolution.vertical_dpi())),
            remote_station_id: Some(call.to.clone()),
        };
        if let Err(error) = self.far_end.keep(&call, &tiff, &pages, &result).await {
            tracing::error!(attempt_id = %call.attempt_id, %error, "the far end could not keep what it received");
            return CallResult::line_down();
        }
        result
    }
}

#[async_trait::async_trait]
impl Line for SimulatedLine {
    async fn send(&self, call: OutgoingCall, progress: mpsc::Sender<Progress>) -> CallResult {
        match test_numbers::behavior(&call.to) {
            TestBehavior::Delivers => self.transmit(call, progress, BIT_RATE, None).await,
            TestBehavior::Slow => self.transmit(call, progress, SLOW_BIT_RATE, None).await,
            TestBehavior::HangsUpAfter(pages) => self.transmit(call, progress, BIT_RATE, Some(pages)).await,
            TestBehavior::Busy => self.fail(BUSY).await,
            TestBehavior::NoAnswer => self.fail(NO_ANSWER).await,
            TestBehavior::NotAFax => self.fail(NOT_A_FAX).await,
            TestBehavior::Unallocated => self.fail(UNALLOCATED).await,
            TestBehavior::Congestion => self.fail(CONGESTION).await,
            TestBehavior::LineDownThenDelivers(calls) if call.attempt_number <= calls => {
                self.fail(LINE_DOWN).await
            }
            TestBehavior::FailsThenDelivers(calls) if call.attempt_number <= calls => {
                self.fail_somehow(call, progress).await
            }
            TestBehavior::AlwaysFails => self.fail_somehow(call, progress).await,
            TestBehavior::LineDownThenDelivers(_) | TestBehavior::FailsThenDelivers(_) => {
                self.transmit(call, progress, BIT_RATE, None).await
            }
        }
    }
}

impl SimulatedLine {
    /// Each call of a fax in another way.
    async fn fail_somehow(&self, call: OutgoingCall, progress: mpsc::Sender<Progress>) -> CallResult {
        match call.attempt_number % 5 {
            1 => self.fail(BUSY).await,
            2 => self.fail(NO_ANSWER).await,
            3 => self.fail(CONGESTION).await,
            4 => self.transmit(call, progress, BIT_RATE, Some(0)).await,
            _ => self.fail(NOT_A_FAX).await,
        }
    }
}

fn document_of(call: &OutgoingCall) -> io::Result<Vec<u8>> {
    let mut file = call.tiff.as_ref();
    let mut tiff = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut tiff)?;
    Ok(tiff)
}

/// A call in which no page is sent.
struct Failure {
    outcome: AttemptOutcome,
    seconds: f64,
    q850_cause: u32,
    t30_status: Option<&'static str>,
}

const BUSY: Failure =
    Failure { outcome: AttemptOutcome::Busy, seconds: DIALING, q850_cause: 17, t30_status: None };
const NO_ANSWER: Failure = Failure {
    outcome: AttemptOutcome::NoAnswer,
    seconds: DIALING + RINGING_UNANSWERED,
    q850_cause: 19,
    t30_status: None,
};
const NOT_A_FAX: Failure = Failure {
    outcome: AttemptOutcome::NotAFax,
    seconds: DIALING + WAITING_FOR_A_FAX_TONE,
    q850_cause: 16,
    t30_status: Some("Timed out waiting for the first message"),
};
const UNALLOCATED: Failure =
    Failure { outcome: AttemptOutcome::Unallocated, seconds: DIALING, q850_cause: 1, t30_status: None };
const CONGESTION: Failure =
    Failure { outcome: AttemptOutcome::Congestion, seconds: DIALING, q850_cause: 34, t30_status: None };
const LINE_DOWN: Failure =
    Failure { outcome: AttemptOutcome::LineDown, seconds: DIALING, q850_cause: 38, t30_status: None };
