//! One connection after the other: greeting, login, then messages both ways until something breaks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::codec::Framed;
use tokio_util::either::Either;

use crate::action::Action;
use crate::client::{AmiTask, Link, Request, Settings};
use crate::message::{Codec, Message};

const GREETING: &str = "Asterisk Call Manager/";
const LONGEST_GREETING: u64 = 256;
/// Our own actions; callers count from 0 without a prefix.
const LOGIN_ID: &str = "login";
const PING_ID: &str = "ping";

type Stream = Framed<BufReader<Either<TcpStream, TlsStream<TcpStream>>>, Codec>;

#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it took too long")]
    TimedOut,
    #[error("what answers there is not Asterisk's manager")]
    NotAsterisk,
    #[error("the connection was closed before the login was answered")]
    Closed,
    #[error("the login was refused: {0}")]
    Refused(String),
}

pub(crate) async fn keep(mut task: AmiTask) {
    let mut pause = task.settings.first_pause;
    let mut connections = 0;
    loop {
        let connecting = connect(&task.settings);
        let connected = tokio::select! {
            connected = connecting => connected,
            () = refuse_requests(&mut task.requests) => return,
        };
        match connected {
            Ok((stream, early)) => {
                connections += 1;
                pause = task.settings.first_pause;
                tracing::info!(address = task.settings.address, "ami_connected");
                for event in early {
                    let _ = task.events.send(Arc::new(event));
                }
                let _ = task.link.send(Link::Up(connections));
                let ended = serve(&mut task, stream).await;
                let _ = task.link.send(Link::Down);
                // Their senders go with them: each caller learns that no answer will come.
                task.waiting.clear();
                match ended {
                    End::NoHandles => return,
                    End::Broken(reason) => {
                        tracing::warn!(address = task.settings.address, reason, "ami_disconnected")
                    }
                }
            }
            Err(error) => {
                let refused = matches!(error, ConnectError::Refused(_));
                tracing::warn!(address = task.settings.address, %error, "ami_not_connected");
                let _ = task.link.send(if refused { Link::Refused } else { Link::Down });
                if refused {
                    pause = task.settings.longest_pause;
                }
            }
        }
        // Half of it at random, so that servers which lost one Asterisk do not come back as one.
        let jittered = pause.mul_f64(rand::random_range(0.5..1.0));
        tokio::select! {
            () = sleep(jittered) => {}
            () = refuse_requests(&mut task.requests) => return,
        }
        pause = (pause * 2).min(task.settings.longest_pause);
    }
}

/// Drops what is asked for while there is no connection. Returns when nobody can ask any more.
async fn refuse_requests(requests: &mut mpsc::Receiver<Request>) {
    while let Some(request) = requests.recv().await {
        drop(request);
    }
}

/// Events may arrive before the login is answered; they are not lost.
async fn connect(settings: &Settings) -> Result<(Stream, Vec<Message>), ConnectError> {
    timeout(settings.connect_timeout, log_in(settings)).await.unwrap_or(Err(ConnectError::TimedOut))
}

async fn log_in(settings: &Settings) -> Result<(Stream, Vec<Message>), ConnectError> {
    let tcp = TcpStream::connect(&settings.address).await?;
    tcp.set_nodelay(true)?;
    let plain_or_not = match &settings.tls {
        Some(tls) => {
            let host = settings.address.rsplit_once(':').map_or(&*settings.address, |(host, _)| host);
            let host = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            Either::Right(tls.connect(host, tcp).await?)
        }
        None => Either::Left(tcp),
    };
    let mut reader = BufReader::new(plain_or_not);
    let mut greeting = String::new();
    (&mut reader).take(LONGEST_GREETING).read_line(&mut greeting).await.map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidData { ConnectError::NotAsterisk } else { error.into() }
    })?;
    if !greeting.starts_with(GREETING) {
        return Err(ConnectError::NotAsterisk);
    }
    let mut stream = Framed::new(reader, Codec::default());
    let login = Action::new("Login")
        .field("Username", &settings.username)
        .and_then(|login| login.field("Secret", &settings.secret))
        .map_err(|error| ConnectError::Refused(error.to_string()))?
        .with_id(LOGIN_ID);
    stream.send(&login).await?;
    let mut early = Vec::new();
    while let Some(message) = stream.next().await {
        let message = message?;
        if message.action_id() != Some(LOGIN_ID) {
            early.push(message);
            continue;
        }
        return match message.response() {
            Some(word) if word.eq_ignore_ascii_case("Success") => Ok((stream, early)),
            _ => Err(ConnectError::Refused(message.get("Message").unwrap_or("without a reason").to_owned())),
        };
    }
    Err(ConnectError::Closed)
}

enum End {
    NoHandles,
    Broken(&'static str),
}

async fn serve(task: &mut AmiTask, mut stream: Stream) -> End {
    let mut deadline = Instant::now() + task.settings.ping_after;
    let mut pinged = false;
    loop {
        tokio::select! {
            message = stream.next() => {
                match message {
                    Some(Ok(message)) => hand_on(task, message),
                    Some(Err(_)) => return End::Broken("it could not be read"),
                    None => return End::Broken("Asterisk closed it"),
                }
                deadline = Instant::now() + task.settings.ping_after;
                pinged = false;
            }
            request = task.requests.recv() => {
                let Some(Request { id, action, pending, written }) = request else {
                    return End::NoHandles;
                };
                // Callers that no longer wait leave their place.
                task.waiting.retain(|_, pending| !pending.answers.is_closed());
                let action = action.with_id(&id);
                task.waiting.insert(id, pending);
                if written_in_time(&mut stream, &action, task.settings.action_timeout).await.is_err() {
                    return End::Broken("it could not be written");
                }
                let _ = written.send(());
            }
            () = sleep_until(deadline) => {
                if pinged {
                    return End::Broken("Asterisk does not answer");
                }
                let ping = Action::new("Ping").with_id(PING_ID);
                if written_in_time(&mut stream, &ping, task.settings.action_timeout).await.is_err() {
                    return End::Broken("it could not be written");
                }
                pinged = true;
                deadline = Instant::now() + task.settings.action_timeout;
            }
        }
    }
}

/// An Asterisk that reads nothing must not hold up this task for ever.
async fn written_in_time(stream: &mut Stream, action: &Action, limit: Duration) -> io::Result<()> {
    timeout(limit, stream.send(action)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// An answer goes to who asked; an event of a list as well, and to nobody else; any other event to every reader.
fn hand_on(task: &mut AmiTask, message: Message) {
    let asked = message.action_id().and_then(|id| task.waiting.get(id));
    match (asked, message.event()) {
        (Some(pending), None) => {
            let _ = pending.answers.send(message);
        }
        (Some(pending), Some(name)) if name != "OriginateResponse" => {
            let _ = pending.answers.send(message);
        }
        (_, Some(_)) => {
            let _ = task.events.send(Arc::new(message));
        }
        (None, None) => {}
    }
}
