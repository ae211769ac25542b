//! The line on a manager that a test plays, which does what Asterisk should not.

use std::path::Path;
use std::time::Duration;

use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_server::config::{self, Config};
use faxdroid_server::line::asterisk::AsteriskLine;
use faxdroid_server::line::{CallResult, Line, OutgoingCall};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::letter::{FEW_LINES, call, document};

const TO: &str = "+12025550100";
const WHOLE: &str = "status=SUCCESS&error=HANGUP&status_string=OK&pages=3&bit_rate=14400&resolution=8031x3850\
                     &remote_station_id=%1B%5B2J%0D%0AUniqueid%3A%20other%00CLINIC&cause=16&end=1";

fn settings(listener: &TcpListener, home: &Path) -> config::Asterisk {
    let toml = format!(
        "[line]\nkind = 'asterisk'\n[line.asterisk]\nami = '{}'\nami_secret = 'secret'\nhome = '{}'\nring = '2s'\n\
         longest_call = '4s'\n[line.asterisk.trunk]\nhost = '192.0.2.1'\n",
        listener.local_addr().unwrap(),
        home.display()
    );
    Config::from_toml(&toml).unwrap().line.asterisk
}

/// The far end of one connection.
struct Manager {
    stream: BufReader<TcpStream>,
}

impl Manager {
    async fn log_in(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        let mut manager = Self { stream: BufReader::new(stream) };
        manager.say("Asterisk Call Manager/11.0.0\r\n").await;
        manager.hear().await;
        manager.say("Response: Success\r\nActionID: login\r\n\r\n").await;
        manager
    }

    async fn say(&mut self, text: &str) {
        // A line that is no longer interested has its answer.
        let _ = self.stream.get_mut().write_all(text.as_bytes()).await;
    }

    /// The next action; empty when the line is gone.
    async fn hear(&mut self) -> String {
        let mut action = String::new();
        while !action.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut action).await.unwrap_or(0) == 0 {
                return String::new();
            }
        }
        action
    }

    /// Answers questions for channels by those of `alive`, and accepts everything else; `events` follow the call.
    async fn serve(mut self, alive: &[&str], events: impl Fn(&str) -> String) {
        loop {
            let action = self.hear().await;
            let field = |name: &str| {
                action.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
            };
            let id = field("ActionID:");
            match field("Action:").as_str() {
                "" => return,
                "CoreShowChannels" => {
                    let mut list = format!("Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n");
                    for channel in alive {
                        list += &format!(
                            "Event: CoreShowChannel\r\nActionID: {id}\r\nUniqueid: {channel}\r\n\r\n"
                        );
                    }
                    list += &format!(
                        "Event: CoreShowChannelsComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"
                    );
                    self.say(&list).await;
                }
                "Originate" => {
                    self.say(&format!("Response: Success\r\nActionID: {id}\r\n\r\n")).await;
                    self.say(&events(&field("ChannelId:"))).await;
                }
                _ => self.say(&format!("Response: Error\r\nActionID: {id}\r\nMessage: no\r\n\r\n")).await,
            }
        }
    }
}

async fn send(line: &AsteriskLine, call: OutgoingCall) -> CallResult {
    let (progress, _told) = mpsc::channel(16);
    tokio::time::timeout(Duration::from_secs(60), line.send(call, progress))
        .await
        .expect("no call is for ever")
}

/// What a call comes to of which the manager tells `events`.
async fn result_of(events: impl Fn(&str) -> String) -> CallResult {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = AsteriskLine::new(settings(&listener, home.path())).unwrap();
    let manager = Manager::log_in(&listener).await;
    line.connected().await;
    let call = call(TO, document(FEW_LINES));
    tokio::select! {
        result = send(&line, call) => result,
        () = manager.serve(&[], events) => panic!("the line hung up on its manager"),
    }
}

fn event(fields: &[(&str, &str)]) -> String {
    let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    lines + "\r\n"
}

fn up(id: &str) -> String {
    event(&[
        ("Event", "Newstate"),
        ("Channel", "PJSIP/trunk-1"),
        ("ChannelStateDesc", "Up"),
        ("Uniqueid", id),
    ])
}

fn done(id: &str, result: &str) -> String {
    event(&[("Event", "UserEvent"), ("UserEvent", "FaxOutDone"), ("Uniqueid", id), ("Result", result)])
}

fn hangup(id: &str, cause: &str) -> String {
    event(&[("Event", "Hangup"), ("Uniqueid", id), ("Cause", cause)])
}

#[tokio::test]
async fn events_twice_out_of_order_unknown_and_of_other_calls_change_nothing() {
    let result = result_of(|id| {
        let other = "att_01KAT5W8Z3M4Q6R7S8T9V0W1X2";
        [
            hangup(other, "17"),
            done(id, WHOLE),
            done(other, "status=FAILED&error=HANGUP&pages=0&end=1"),
            event(&[("Event", "SomethingNew"), ("Uniqueid", id), ("Cause", "17")]),
            up(id),
            done(id, WHOLE),
            up(id),
            hangup(id, "16"),
            hangup(id, "17"),
        ]
        .concat()
    })
    .await;
    assert_eq!((result.outcome, result.pages_confirmed), (AttemptOutcome::Delivered, 3));
    assert_eq!(result.q850_cause, Some(16));
}

#[tokio::test]
async fn what_the_far_machine_calls_itself_can_end_no_field_and_is_cleaned() {
    let result = result_of(|id| up(id) + &done(id, WHOLE) + &hangup(id, "16")).await;
    assert_eq!(result.remote_station_id.as_deref(), Some("[2JUniqueid: otherCLINIC"));
}

#[tokio::test]
async fn malformed_and_truncated_events_cost_nothing_but_themselves() {
    let result = result_of(|id| {
        [
            "garbage\r\n\r\nEvent\r\n\r\n: \r\n\r\n\0\u{1b}\r\n\r\n".to_owned(),
            done(id, &WHOLE[..40]),
            up(id),
            event(&[("Event", "Hangup"), ("Uniqueid", "")]),
            done(id, WHOLE),
            hangup(id, "not a number"),
        ]
        .concat()
    })
    .await;
    assert_eq!((result.outcome, result.q850_cause), (AttemptOutcome::Delivered, Some(16)));
}

#[tokio::test]
async fn no_pages_and_ten_thousand_pages_are_not_taken_for_those_of_the_document() {
    let nothing =
        result_of(|id| up(id) + &done(id, "status=SUCCESS&pages=0&end=1") + &hangup(id, "16")).await;
    assert_ne!(nothing.outcome, AttemptOutcome::Delivered);
    assert_eq!(nothing.pages_confirmed, 0);
    let failed = "status=FAILED&status_string=The%20call%20dropped%20prematurely&pages=10000&remote_station_id=A&end=1";
    let many = result_of(|id| up(id) + &done(id, failed) + &hangup(id, "16")).await;
    assert_eq!((many.outcome, many.pages_confirmed), (AttemptOutcome::Dropped, 0));
    let endless =
        result_of(|id| up(id) + &done(id, "status=FAILED&pages=99999999999&end=1") + &hangup(id, "16"));
    assert_eq!(endless.await.pages_confirmed, 0);
}

#[tokio::test]
async fn a_call_of_which_nothing_more_is_heard_is_over_when_nobody_knows_of_it() {
    let result = result_of(|id| up(id)).await;
    assert_eq!(result.outcome, AttemptOutcome::LineDown);
}

#[tokio::test]
async fn a_manager_that_accepts_and_never_answers_fails_the_call_and_holds_up_no_other() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = AsteriskLine::new(settings(&listener, home.path())).unwrap();
    let _silent = Manager::log_in(&listener).await;
    line.connected().await;
    let (one, other) = tokio::join!(
        send(&line, call(TO, document(FEW_LINES))),
        send(&line, call("+12025550101", document(FEW_LINES)))
    );
    assert_eq!((one.outcome, other.outcome), (AttemptOutcome::LineDown, AttemptOutcome::LineDown));
}

#[tokio::test]
async fn a_wrong_password_fails_calls_at_once() {
    let home = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let line = AsteriskLine::new(settings(&listener, home.path())).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut manager = Manager { stream: BufReader::new(stream) };
    manager.say("Asterisk Call Manager/11.0.0\r\n").await;
    manager.hear().await;
    manager.say("Response: Error\r\nActionID: login\r\nMessage: Authentication failed\r\n\r\n").await;
    let refused = send(&line, call(TO, document(FEW_LINES))).await;
    assert_eq!(refused, CallResult::line_down());
}
