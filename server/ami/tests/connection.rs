//! The client against a manager that a test plays: what it answers, when it is silent, how it breaks.

use std::sync::Arc;
use std::time::Duration;

use faxdroid_ami::{Action, ActionError, Ami, Link, Message, Settings, TlsError};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The far end of one connection.
struct Manager {
    stream: BufReader<TcpStream>,
}

impl Manager {
    async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        let mut manager = Self { stream: BufReader::new(stream) };
        manager.say("Asterisk Call Manager/11.0.0\r\n").await;
        manager
    }

    /// Accepts a connection and its login.
    async fn log_in(listener: &TcpListener) -> Self {
        let mut manager = Self::accept(listener).await;
        let login = manager.hear().await;
        assert!(login.contains("Action: Login\r\nUsername: faxdroid\r\nSecret: secret"), "{login}");
        manager.say("Response: Success\r\nActionID: login\r\nMessage: Authentication accepted\r\n\r\n").await;
        manager
    }

    async fn say(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// The next action, as it was written.
    async fn hear(&mut self) -> String {
        let mut action = String::new();
        while !action.ends_with("\r\n\r\n") {
            assert_ne!(
                self.stream.read_line(&mut action).await.unwrap(),
                0,
                "the client hung up after {action:?}"
            );
        }
        action
    }

    /// The next action's identifier.
    async fn hear_id(&mut self) -> String {
        let action = self.hear().await;
        let (_, id) = action.trim_end().rsplit_once("ActionID: ").expect("every action has an identifier");
        id.to_owned()
    }
}

/// A client of a listener, with waits of milliseconds; its task ends with the test.
struct Client {
    ami: Ami,
    listener: TcpListener,
    _task: JoinSet<()>,
}

async fn client(secret: &str) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = Settings::new(listener.local_addr().unwrap().to_string(), "faxdroid", secret);
    settings.action_timeout = Duration::from_millis(300);
    settings.ping_after = Duration::from_millis(300);
    settings.first_pause = Duration::from_millis(1);
    settings.longest_pause = Duration::from_millis(20);
    let (ami, task) = Ami::new(settings);
    let mut tasks = JoinSet::new();
    tasks.spawn(task.run());
    Client { ami, listener, _task: tasks }
}

impl Client {
    async fn becomes(&self, wanted: Link) {
        self.ami.link().wait_for(|link| *link == wanted).await.unwrap();
    }
}

fn ping() -> Action {
    Action::new("Ping")
}

#[tokio::test]
async fn a_response_reaches_the_action_that_it_answers() {
    let client = client("secret").await;
    let mut manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
    let answers_in_reverse = async {
        let first = manager.hear_id().await;
        let second = manager.hear_id().await;
        for id in [&second, &first] {
            manager.say(&format!("Response: Success\r\nActionID: {id}\r\nPing: {id}\r\n\r\n")).await;
        }
        (first, second)
    };
    let (first, second, (first_id, second_id)) =
        tokio::join!(client.ami.send(ping()), client.ami.send(ping()), answers_in_reverse);
    let mut answered = [first.unwrap(), second.unwrap()].map(|answer| answer.get("Ping").unwrap().to_owned());
    answered.sort();
    assert_eq!(answered, [first_id, second_id]);
}

#[tokio::test]
async fn events_come_in_their_order_and_keep_their_fields() {
    let client = client("secret").await;
    let mut events = client.ami.all_events();
    let mut manager = Manager::log_in(&client.listener).await;
    for number in 0..100 {
        manager.say(&format!("Event: Hangup\r\nUniqueid: job-{number}\r\nCause: 17\r\n\r\n")).await;
    }
    for number in 0..100 {
        let event = events.recv().await.unwrap();
        assert_eq!(event.event(), Some("Hangup"));
        assert_eq!(event.get("Uniqueid"), Some(format!("job-{number}").as_str()));
    }
}

#[tokio::test]
async fn a_list_is_complete_or_an_error() {
    let client = client("secret").await;
    let mut manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
    let answer = async {
        let id = manager.hear_id().await;
        let item = |channel: &str| {
            format!("Event: CoreShowChannel\r\nActionID: {id}\r\nUniqueid: {channel}\r\n\r\n")
        };
        manager.say(&format!("Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n")).await;
        manager.say(&(item("job-1") + &item("job-2"))).await;
        manager
            .say(&format!("Event: CoreShowChannelsComplete\r\nActionID: {id}\r\nEventList: Complete\r\n\r\n"))
            .await;
    };
    let (items, ()) = tokio::join!(client.ami.list(Action::new("CoreShowChannels")), answer);
    let channels: Vec<String> =
        items.unwrap().iter().filter_map(|item: &Message| item.get("Uniqueid").map(str::to_owned)).collect();
    assert_eq!(channels, ["job-1", "job-2"]);

    let cut_short = async {
        let id = manager.hear_id().await;
        manager.say(&format!("Response: Success\r\nActionID: {id}\r\nEventList: start\r\n\r\n")).await;
        drop(manager);
    };
    let (items, ()) = tokio::join!(client.ami.list(Action::new("CoreShowChannels")), cut_short);
    assert_eq!(items, Err(ActionError::Disconnected));
}

#[tokio::test]
async fn an_event_that_was_asked_for_reaches_who_asked() {
    let client = client("secret").await;
    let mut manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
    let answer = async {
        let id = manager.hear_id().await;
        manager.say(&format!("Response: Success\r\nActionID: {id}\r\nMessage: it will follow\r\n\r\n")).await;
        manager.say(&format!("Event: FAXSession\r\nActionID: {id}\r\nPagesTransmitted: 2\r\n\r\n")).await;
    };
    let (session, ()) = tokio::join!(client.ami.event(Action::new("FAXSession")), answer);
    assert_eq!(session.unwrap().get("PagesTransmitted"), Some("2"));
}

#[tokio::test]
async fn what_asterisk_refuses_is_said_in_its_words() {
    let client = client("secret").await;
    let mut manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
    let refuse = async {
        let id = manager.hear_id().await;
        manager
            .say(&format!("Response: Error\r\nActionID: {id}\r\nMessage: Permission denied\r\n\r\n"))
            .await;
    };
    let (answer, ()) = tokio::join!(client.ami.send(Action::new("Command")), refuse);
    assert_eq!(
        answer,
        Err(ActionError::Refused { action: "Command".into(), message: "Permission denied".into() })
    );
}

#[tokio::test]
async fn a_wrong_secret_is_known_as_such_and_nothing_is_sent() {
    let client = client("wrong").await;
    let mut manager = Manager::accept(&client.listener).await;
    manager.hear().await;
    manager.say("Response: Error\r\nActionID: login\r\nMessage: Authentication failed\r\n\r\n").await;
    client.becomes(Link::Refused).await;
    assert_eq!(client.ami.send(ping()).await, Err(ActionError::NotConnected));
}

#[tokio::test]
async fn without_a_connection_an_action_fails_at_once() {
    let client = client("secret").await;
    assert_eq!(client.ami.send(ping()).await, Err(ActionError::NotConnected));
}

#[tokio::test]
async fn a_connection_that_breaks_ends_what_waits_and_is_made_again() {
    let client = client("secret").await;
    let mut manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
    let hang_up = async {
        manager.hear().await;
        drop(manager);
    };
    let (answer, ()) = tokio::join!(client.ami.send(ping()), hang_up);
    assert_eq!(answer, Err(ActionError::Disconnected));
    let _manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(2)).await;
}

#[tokio::test]
async fn a_manager_that_accepts_and_never_answers_is_given_up() {
    let client = client("secret").await;
    let mut silent = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
    assert_eq!(client.ami.send(ping()).await, Err(ActionError::TimedOut));
    assert!(silent.hear().await.contains("Action: Ping"));
    let _manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(2)).await;
}

#[tokio::test]
async fn who_is_not_asterisk_and_who_never_greets_are_left() {
    let client = client("secret").await;
    let (mut web_server, _) = client.listener.accept().await.unwrap();
    web_server.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let _manager = Manager::log_in(&client.listener).await;
    client.becomes(Link::Up(1)).await;
}

#[tokio::test]
async fn noise_between_messages_costs_nothing_else() {
    let client = client("secret").await;
    let mut events = client.ami.all_events();
    let mut manager = Manager::log_in(&client.listener).await;
    manager
        .say("noise\r\n\r\nEvent\r\n\r\nResponse: Success\r\nActionID: nobody\r\n\r\nEvent: Unheard\r\n\r\n")
        .await;
    assert_eq!(events.recv().await.unwrap().event(), Some("Unheard"));
}

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

fn acceptor(identity: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![identity.cert.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn encrypted(address: String, trusted: &CertifiedKey<KeyPair>) -> (Ami, JoinSet<()>) {
    let settings = Settings::new(address, "faxdroid", "secret");
    let (ami, task) = Ami::new(settings.encrypted(trusted.cert.pem().as_bytes()).unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(task.run());
    (ami, tasks)
}

#[tokio::test]
async fn a_manager_whose_certificate_is_trusted_is_spoken_to_under_tls() {
    let identity = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (ami, _task) = encrypted(listener.local_addr().unwrap().to_string(), &identity);
    let (tcp, _) = listener.accept().await.unwrap();
    let mut manager = BufReader::new(acceptor(&identity).accept(tcp).await.unwrap());
    manager.get_mut().write_all(b"Asterisk Call Manager/11.0.0\r\n").await.unwrap();
    let mut login = String::new();
    while !login.ends_with("\r\n\r\n") {
        manager.read_line(&mut login).await.unwrap();
    }
    assert!(login.contains("Secret: secret\r\n"), "{login}");
    manager.get_mut().write_all(b"Response: Success\r\nActionID: login\r\n\r\n").await.unwrap();
    ami.link().wait_for(|link| *link == Link::Up(1)).await.unwrap();
}

#[tokio::test]
async fn another_certificate_is_told_no_secret() {
    let (ours, theirs) = (certificate(), certificate());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (ami, _task) = encrypted(listener.local_addr().unwrap().to_string(), &ours);
    let (tcp, _) = listener.accept().await.unwrap();
    assert!(acceptor(&theirs).accept(tcp).await.is_err(), "the client turned away");
    assert_eq!(*ami.link().borrow(), Link::Down);
}

#[test]
fn a_file_without_a_certificate_is_refused_before_anything_is_connected() {
    let settings = Settings::new("127.0.0.1:5039", "faxdroid", "secret");
    assert!(matches!(settings.clone().encrypted(b""), Err(TlsError::NoCertificate)));
    let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(settings.encrypted(damaged), Err(TlsError::Certificate(_))));
}
