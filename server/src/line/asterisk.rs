//! Real calls: through an Asterisk on this host, which owns the SIP trunk and the modems and is told over its manager
//! interface what to do.
//!
//! An attempt is a channel whose unique id is the attempt's own id. So events, the document and the result that the
//! dialplan leaves are all found by it, by this process or by the one after it. A call is over when Asterisk says so, when
//! its result was left behind, or when Asterisk lives and knows nothing of it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use faxdroid_ami::{Action, ActionError, Ami, FieldError, Link, Message, Settings};
use faxdroid_contract::ids::AttemptId;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::task::TaskTracker;

use super::{CallResult, LeftBehind, Line, OutgoingCall, Progress, Reception};
use crate::config;

mod call;
pub mod configuration;
mod incoming;
mod outcome;
mod results;

use call::Heard;
use incoming::Incoming;
use results::Spool;

/// Between two looks at a call: at the pages that were sent, and at whether anybody still knows of it.
const LOOK: Duration = Duration::from_secs(3);
/// Asterisk tells the result before it hangs up; what is not told so long after the channel is gone never will be.
const GRACE: Duration = Duration::from_secs(2);
/// T.38 is asked for, then ITU-T T.30's T1 of 35 seconds passes, and training may begin more than once.
const A_MACHINE_SPEAKS_WITHIN: Duration = Duration::from_secs(90);
/// So long an Asterisk that was restarted may take to come back, before its calls are given up.
const ASTERISK_MAY_BE_AWAY: Duration = Duration::from_secs(30);

/// The line through Asterisk.
pub struct AsteriskLine {
    ami: Ami,
    settings: config::Asterisk,
    spool: Spool,
    incoming: Incoming,
    /// Attempts of this process; others in the spool were left behind by an earlier one.
    calling: Arc<Mutex<HashSet<AttemptId>>>,
    seen: tokio::sync::Mutex<Option<Arc<Seen>>>,
    hang_ups: TaskTracker,
    /// Keeps the connection; ends with the line.
    _connection: JoinSet<()>,
}

impl AsteriskLine {
    /// Connects in the background: calls are refused as `line_down` until Asterisk is there.
    ///
    /// # Errors
    /// When the certificate of the manager's interface cannot be used.
    pub fn new(settings: config::Asterisk) -> anyhow::Result<Self> {
        let address = settings.ami_tls.as_ref().map_or(settings.ami, |tls| tls.address);
        let secret = settings.ami_secret.reveal().to_owned();
        let mut ami = Settings::new(address.to_string(), configuration::AMI_USERNAME, secret);
        if let Some(config::AmiTls { certificate, .. }) = &settings.ami_tls {
            let unusable = || format!("the certificate {} cannot be used", certificate.display());
            let pem = std::fs::read(certificate).with_context(unusable)?;
            ami = ami.encrypted(&pem).with_context(unusable)?;
        }
        let (ami, task) = Ami::new(ami);
        let mut connection = JoinSet::new();
        connection.spawn(task.run());
        let spool = Spool::new(&settings.home);
        let incoming = Incoming::new(&settings.home);
        Ok(Self {
            ami,
            settings,
            spool,
            incoming,
            calling: Arc::default(),
            seen: tokio::sync::Mutex::default(),
            hang_ups: TaskTracker::new(),
            _connection: connection,
        })
    }

    /// Waits until Asterisk can be spoken to.
    pub async fn connected(&self) {
        // The connection lives as long as this line, so there is always somebody to tell.
        let _ = self.ami.link().wait_for(|link| matches!(link, Link::Up(_))).await;
    }

    fn originate(&self, call: &OutgoingCall, document: &Path) -> Result<Action, FieldError> {
        let result = self.spool.result(&call.attempt_id);
        let caller =
            if self.settings.caller_id.is_empty() { &call.station_id } else { &self.settings.caller_id };
        let variables = [
            format!("FAXJOB={}", call.attempt_id),
            format!("FAXFILE={}", document.display()),
            format!("FAXRESULT={}", result.display()),
            format!("FAXSTATION={}", digits(&call.station_id)),
            format!("FAXMAXSECS={}", self.settings.longest_call.as_secs()),
        ];
        let mut action = Action::new("Originate")
            .field("Channel", format!("PJSIP/{}@trunk", digits(&call.to)))?
            .field("ChannelId", call.attempt_id.as_str())?
            .field("Context", "fax-out")?
            .field("Exten", "send")?
            .field("Priority", "1")?
            .field("Async", "true")?
            .field("Timeout", self.settings.ring.as_millis().to_string())?
            .field("CallerID", digits(caller))?;
        for variable in variables {
            action = action.field("Variable", variable)?;
        }
        Ok(action)
    }

    async fn place(&self, call: &OutgoingCall, progress: &mpsc::Sender<Progress>) -> CallResult {
        let attempt = &call.attempt_id;
        let document = match self.spool.put_document(attempt, &call.tiff).await {
            Ok(document) => document,
            Err(error) => {
                tracing::error!(attempt_id = %attempt, %error, "document_not_spooled");
                return CallResult::line_down();
            }
        };
        let action = match self.originate(call, &document) {
            Ok(action) => action,
            Err(error) => {
                tracing::error!(attempt_id = %attempt, %error, "call_not_placed");
                return CallResult::line_down();
            }
        };
        // Before the call is placed, so that nothing of it is missed.
        let events = self.ami.all_events();
        let hang_up = HangUpOnDrop { line: self, attempt: attempt.clone(), armed: true };
        match self.ami.send(action).await {
            Err(error @ (ActionError::NotConnected | ActionError::Refused { .. })) => {
                tracing::error!(attempt_id = %attempt, %error, "call_not_placed");
                hang_up.disarm();
                return CallResult::line_down();
            }
            // The others do not say whether the call was placed: whoever looks for it finds out.
            Err(error) => tracing::warn!(attempt_id = %attempt, %error, "call_perhaps_not_placed"),
            Ok(_) => {}
        }
        let result = self.follow(call, events, progress).await;
        hang_up.disarm();
        result
    }

    /// Listens to a call until it is over, and looks after it now and then, because events can be lost.
    async fn follow(
        &self,
        call: &OutgoingCall,
        mut events: broadcast::Receiver<Arc<Message>>,
        progress: &mpsc::Sender<Progress>,
    ) -> CallResult {
        let mut heard = Heard::default();
        let mut confirmed = 0;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.reset();
        let give_up = Instant::now() + self.settings.ring + self.settings.longest_call + ASTERISK_MAY_BE_AWAY;
        let mut last_seen = Instant::now();
        let mut silence = Silence::default();
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => {
                        if event.get("Uniqueid") == Some(call.attempt_id.as_str()) {
                            heard.hear(&event);
                        }
                    }
                    Err(RecvError::Lagged(events)) => {
                        tracing::warn!(attempt_id = %call.attempt_id, events, "events_lost");
                    }
                    Err(RecvError::Closed) => return CallResult::line_down(),
                },
                _ = look.tick() => {
                    match self.look_for(&call.attempt_id, &heard).await {
                        Sight::Unknown => {}
                        Sight::Alive(modem) => {
                            last_seen = Instant::now();
                            if silence.lasts_too_long(&heard, modem) {
                                tracing::info!(attempt_id = %call.attempt_id, "nobody_spoke");
                                hang_up(&self.ami, &call.attempt_id).await;
                            }
                            let pages = modem.map(|modem| modem.pages);
                            if let Some(pages) = pages.filter(|pages| *pages > confirmed) {
                                confirmed = pages;
                                // Nobody may be listening fast enough; the result says the same at the end.
                                let _ = progress.try_send(Progress { pages_confirmed: pages.min(call.pages) });
                            }
                        }
                        Sight::Gone if last_seen.elapsed() > LOOK + GRACE => return self.end(call, heard).await,
                        Sight::Gone => {}
                    }
                    if last_seen.elapsed() > ASTERISK_MAY_BE_AWAY {
                        return self.end(call, heard).await;
                    }
                }
                () = sleep_until(give_up) => {
                    hang_up(&self.ami, &call.attempt_id).await;
                    return self.end(call, heard).await;
                }
            }
            if heard.is_over() || heard.never_began() {
                return self.end(call, heard).await;
            }
        }
    }

    /// What was left behind counts more than what was not heard.
    async fn end(&self, call: &OutgoingCall, mut heard: Heard) -> CallResult {
        match self.spool.read_result(&call.attempt_id).await {
            Ok(Some(report)) => heard.found(report),
            Ok(None) if heard.is_over() => {}
            Ok(None) => return CallResult::line_down(),
            Err(error) => tracing::error!(attempt_id = %call.attempt_id, %error, "result_not_read"),
        }
        heard.result(call.pages)
    }

    async fn look_for(&self, attempt: &AttemptId, heard: &Heard) -> Sight {
        match self.is_alive(attempt).await {
            Err(_) => Sight::Unknown,
            Ok(false) => Sight::Gone,
            Ok(true) => match heard.channel.as_deref().filter(|_| heard.answered) {
                Some(channel) => Sight::Alive(self.modem(channel).await.unwrap_or(None)),
                None => Sight::Alive(None),
            },
        }
    }

    async fn is_alive(&self, attempt: &AttemptId) -> Result<bool, ActionError> {
        Ok(self.seen().await?.calls.contains(attempt.as_str()))
    }

    async fn modem(&self, channel: &str) -> Result<Option<Modem>, ActionError> {
        let seen = self.seen().await?;
        let Some(number) = seen.sessions.get(channel) else { return Ok(None) };
        let Ok(action) = Action::new("FAXSession").field("SessionNumber", number) else { return Ok(None) };
        let details = self.ami.event(action).await?;
        let pages = details.get("PagesTransmitted").and_then(|pages| pages.trim().parse().ok());
        // Known as soon as the far machine has said what it can.
        let agreed = details.filled("ImageResolution").is_some_and(|resolution| resolution != "0x0");
        Ok(pages.map(|pages| Modem { pages, agreed }))
    }

    /// What Asterisk knows of. Calls that look after themselves at about the same time share one answer, or a hundred of them
    /// would each be told of the hundred.
    async fn seen(&self) -> Result<Arc<Seen>, ActionError> {
        let mut seen = self.seen.lock().await;
        if let Some(fresh) = seen.as_ref().filter(|seen| seen.at.elapsed() < LOOK / 2) {
            return Ok(fresh.clone());
        }
        let at = Instant::now();
        let channels = self.ami.list(Action::new("CoreShowChannels")).await?;
        // Without them a call is still known to go on.
        let sessions = self.ami.list(Action::new("FAXSessions")).await.unwrap_or_default();
        let field = |message: &Message, name: &str| message.filled(name).map(str::to_owned);
        let now = Arc::new(Seen {
            at,
            calls: channels.iter().filter_map(|channel| field(channel, "Uniqueid")).collect(),
            sessions: sessions
                .iter()
                .filter_map(|session| Some((field(session, "Channel")?, field(session, "SessionNumber")?)))
                .collect(),
        });
        *seen = Some(now.clone());
        Ok(now)
    }

    fn calling(&self) -> std::sync::MutexGuard<'_, HashSet<AttemptId>> {
        self.calling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Asterisk knows of.
struct Seen {
    at: Instant,
    /// Unique ids of channels.
    calls: HashSet<String>,
    /// Numbers of modem sessions, by the names of their channels.
    sessions: HashMap<String, String>,
}

/// What a look at a call has shown.
enum Sight {
    /// Asterisk could not be asked.
    Unknown,
    /// With the modem, when it is at work.
    Alive(Option<Modem>),
    Gone,
}

/// How far a session of the modem has come.
#[derive(Debug, Clone, Copy)]
struct Modem {
    /// That the far machine has confirmed.
    pages: u32,
    /// It has agreed with the far machine on how to send.
    agreed: bool,
}

/// How long an answered call has gone on without a word of a fax machine. The modem counts its time by the sound that it
/// hears, so on a line without any it would wait for ever.
#[derive(Debug, Default)]
struct Silence {
    since: Option<Instant>,
    broken: bool,
}

impl Silence {
    fn lasts_too_long(&mut self, heard: &Heard, modem: Option<Modem>) -> bool {
        self.broken |= modem.is_some_and(|modem| modem.agreed || modem.pages > 0);
        if !heard.answered || self.broken {
            return false;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() > A_MACHINE_SPEAKS_WITHIN
    }
}

async fn hang_up(ami: &Ami, attempt: &AttemptId) {
    let Ok(action) = Action::new("Hangup").field("Channel", attempt.as_str()) else { return };
    match ami.send(action).await {
        // There is no such call: it has ended by itself.
        Ok(_) | Err(ActionError::Refused { .. }) => {}
        Err(error) => tracing::warn!(attempt_id = %attempt, %error, "call_not_hung_up"),
    }
}

/// A caller that stops waiting hangs up.
struct HangUpOnDrop<'a> {
    line: &'a AsteriskLine,
    attempt: AttemptId,
    armed: bool,
}

impl HangUpOnDrop<'_> {
    fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for HangUpOnDrop<'_> {
    fn drop(&mut self) {
        if self.armed {
            let (ami, spool, attempt) =
                (self.line.ami.clone(), self.line.spool.clone(), self.attempt.clone());
            self.line.hang_ups.spawn(async move {
                hang_up(&ami, &attempt).await;
                spool.forget(&attempt).await;
            });
        }
    }
}

/// An attempt of this process, for as long as it is followed.
struct Calling<'a> {
    line: &'a AsteriskLine,
    attempt: AttemptId,
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        self.line.calling().remove(&self.attempt);
    }
}

/// Numbers reach SIP addresses and the dialplan: nothing but digits and the plus may.
fn digits(number: &str) -> String {
    number.chars().filter(|character| character.is_ascii_digit() || *character == '+').collect()
}

#[async_trait::async_trait]
impl Line for AsteriskLine {
    async fn send(&self, call: OutgoingCall, progress: mpsc::Sender<Progress>) -> CallResult {
        self.calling().insert(call.attempt_id.clone());
        let _calling = Calling { line: self, attempt: call.attempt_id.clone() };
        if !matches!(*self.ami.link().borrow(), Link::Up(_)) {
            return CallResult::line_down();
        }
        self.place(&call, &progress).await
    }

    async fn left_behind(&self) -> Vec<AttemptId> {
        let known = self.calling().clone();
        self.spool.attempts().await.into_iter().filter(|attempt| !known.contains(attempt)).collect()
    }

    async fn recall(&self, attempt: &AttemptId, pages: u32) -> LeftBehind {
        match self.spool.read_result(attempt).await {
            Ok(Some(report)) => {
                let mut heard = Heard::default();
                heard.found(report);
                return LeftBehind::Ended(heard.result(pages));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(attempt_id = %attempt, %error, "result_not_read");
                return LeftBehind::Unknown;
            }
        }
        match self.is_alive(attempt).await {
            Ok(true) => LeftBehind::Calling,
            // The result is written before the channel goes: asked in this order, it may have come in between.
            Ok(false) => match self.spool.read_result(attempt).await {
                Ok(None) => LeftBehind::Ended(CallResult::line_down()),
                _ => LeftBehind::Unknown,
            },
            Err(_) => LeftBehind::Unknown,
        }
    }

    async fn hang_up(&self, attempt: &AttemptId) {
        hang_up(&self.ami, attempt).await;
    }

    async fn forget(&self, attempt: &AttemptId) {
        self.spool.forget(attempt).await;
    }

    async fn answer(&self, numbers: &BTreeSet<String>) -> io::Result<()> {
        self.incoming.answer(numbers).await
    }

    async fn receptions(&self) -> Vec<Reception> {
        let known = self.incoming.calls().await;
        if known.is_empty() {
            return Vec::new();
        }
        // Asked after a call was seen to have begun, and before its result is read, which it writes before it goes.
        let channels = self.ami.list(Action::new("CoreShowChannels")).await.ok();
        let go_on = channels.map(|channels| {
            channels.iter().filter_map(|channel| channel.get("Uniqueid").map(str::to_owned)).collect()
        });
        self.incoming.receptions(known, go_on.as_ref()).await
    }

    async fn forget_reception(&self, reception: &Reception) {
        self.incoming.forget(reception).await;
    }

    async fn close(&self) {
        self.hang_ups.close();
        self.hang_ups.wait().await;
    }
}
