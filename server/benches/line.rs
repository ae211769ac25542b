//! `script/bench line`: real faxes through Asterisk, in three tables.
//!
//! - From `POST /faxes` to the INVITE, taken where the carrier's socket receives it.
//! - Processor time of a call: this server's beside that of its Asterisk.
//! - Calls at once until pages fail: placed by this server, and by a bare script of the manager interface in the same
//!   Asterisk, by turns. The carrier with its fax machines runs on the same processors.
//!
//! `BENCH_CALLS` ends the last table at so many calls at once (128).

use std::collections::HashMap;
use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use exchange::{Exchange, Manager};
use faxdroid_ami::Action;
use faxdroid_contract::faxes::{AttemptOutcome, FaxStatus};
use letter::{FEW_LINES, document, fine_document};
use office::Office;
use tokio::sync::mpsc;

#[path = "../tests/line/exchange.rs"]
#[allow(dead_code)] // the tests use the rest of them
mod exchange;
#[path = "../tests/line/letter.rs"]
#[allow(dead_code)]
mod letter;
#[path = "../tests/line/office.rs"]
#[allow(dead_code)]
mod office;

const INVITES: u32 = 300;
const STEPS: [u32; 7] = [8, 16, 32, 48, 64, 96, 128];
const PAGES: u32 = 3;

#[tokio::main]
async fn main() {
    let most = std::env::var("BENCH_CALLS")
        .map_or(STEPS[STEPS.len() - 1], |text| text.parse().expect("BENCH_CALLS is a number"));
    // Whoever asks the server here is not within it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    invites().await;
    calls_at_once(most).await;
}

/// A carrier that hears every INVITE and has no such number, so that nobody calls again.
struct Carrier {
    heard: mpsc::UnboundedReceiver<(String, Instant)>,
}

impl Carrier {
    fn listen(address: IpAddr) -> Self {
        let socket = UdpSocket::bind((address, 5060)).unwrap();
        let (hears, heard) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let mut datagram = [0; 8_192];
            while let Ok((length, from)) = socket.recv_from(&mut datagram) {
                let now = Instant::now();
                let request = String::from_utf8_lossy(&datagram[..length]);
                let Some(uri) = request.strip_prefix("INVITE sip:") else { continue };
                let number = uri.split(['@', ';', ' ']).next().unwrap_or_default().to_owned();
                let copied = request.lines().filter(|line| {
                    ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
                });
                let mut answer = String::from("SIP/2.0 404 Not Found\r\n");
                for line in copied {
                    answer += line;
                    answer += if line.starts_with("To:") { ";tag=carrier\r\n" } else { "\r\n" };
                }
                answer += "Content-Length: 0\r\n\r\n";
                let _ = socket.send_to(answer.as_bytes(), from);
                if hears.send((number, now)).is_err() {
                    return;
                }
            }
        });
        Self { heard }
    }

    /// When the number was called for the first time.
    async fn hear(&mut self, number: &str) -> Instant {
        loop {
            let (called, when) = self.heard.recv().await.expect("the carrier listens");
            if called == number {
                return when;
            }
        }
    }
}

async fn invites() {
    let exchange = Exchange::without_carrier();
    let mut carrier = Carrier::listen(exchange.settings.trunk.host.parse().unwrap());
    let mut office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    let customer = office.sign_in().await;
    let server = office.start_server().await;
    let client = reqwest::Client::new();
    let mut times = Vec::new();
    for number in 0..INVITES {
        let to = format!("+1202555{number:04}");
        let quote = office.quote(&to).await;
        let asked = Instant::now();
        let answer = client
            .post(format!("http://{server}/api/v1/faxes"))
            .header("cookie", &customer)
            .header("idempotency-key", quote.as_str())
            .json(&serde_json::json!({ "quote_id": quote }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        times.push(carrier.hear(&to).await - asked);
    }
    times.sort();
    let milliseconds = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    println!("| from POST /faxes to INVITE | p50 | p99 |\n|---|---|---|");
    println!(
        "| {INVITES} faxes of {PAGES} pages | {:.0} ms | {:.0} ms |\n",
        milliseconds(0.5),
        milliseconds(0.99)
    );
}

/// What one round has shown.
struct Round {
    delivered: u32,
    /// Of the processor, in all.
    ours: Duration,
    asterisks: Duration,
    lasted: Duration,
}

async fn calls_at_once(most: u32) {
    let exchange = Exchange::start();
    let mut office = Office::new(&exchange.settings, fine_document(FEW_LINES)).await;
    office.start_server().await;
    let folder = tempfile::tempdir().unwrap();
    let tiff = folder.path().join("letter.tif");
    std::fs::write(&tiff, document(FEW_LINES)).unwrap();
    println!(
        "| calls at once | FaxDroid: delivered | bare script: delivered | processor a call: FaxDroid, its Asterisk | share |"
    );
    println!("|---|---|---|---|---|");
    for (step, count) in STEPS.into_iter().filter(|count| *count <= most).enumerate() {
        // Whoever goes first finds other caches.
        let (by_server, by_script) = if step % 2 == 0 {
            let by_server = by_server(&exchange, &office, count).await;
            (by_server, by_script(&exchange, &tiff, count).await)
        } else {
            let by_script = by_script(&exchange, &tiff, count).await;
            (by_server(&exchange, &office, count).await, by_script)
        };
        let of_a_call = |time: Duration| time.as_secs_f64() * 1_000.0 / f64::from(count);
        println!(
            "| {count} | {} in {:.0} s | {} in {:.0} s | {:.0} ms, {:.0} ms | {:.1} % |",
            by_server.delivered,
            by_server.lasted.as_secs_f64(),
            by_script.delivered,
            by_script.lasted.as_secs_f64(),
            of_a_call(by_server.ours),
            of_a_call(by_server.asterisks),
            100.0 * by_server.ours.as_secs_f64() / by_server.asterisks.as_secs_f64(),
        );
        if by_server.delivered < count && by_script.delivered < count {
            break;
        }
    }
}

fn number(line: u32) -> String {
    format!("+1202{line:05}00")
}

async fn by_server(exchange: &Exchange, office: &Office, count: u32) -> Round {
    let begun = Instant::now();
    let before = (office.processor_time(), exchange.processor_time());
    let mut faxes = Vec::new();
    for line in 0..count {
        faxes.push(office.send(&number(line)).await);
    }
    let mut delivered = 0;
    for fax in faxes {
        let patience = Duration::from_secs(400);
        let over =
            |fax: &faxdroid_contract::faxes::Fax| fax.attempts.iter().any(|call| call.outcome.is_some());
        let fax = office.fax_once(&fax, patience, over).await;
        let first = fax.attempts.first().and_then(|call| call.outcome);
        delivered += u32::from(first == Some(AttemptOutcome::Delivered));
        if fax.status != FaxStatus::Delivered {
            office.cancel(&fax.id).await;
        }
    }
    Round {
        delivered,
        ours: office.processor_time() - before.0,
        asterisks: exchange.processor_time() - before.1,
        lasted: begun.elapsed(),
    }
}

/// What one would write instead: every call originated at once, and the events counted.
async fn by_script(exchange: &Exchange, tiff: &Path, count: u32) -> Round {
    let manager = Manager::log_in(&exchange.settings).await;
    let mut events = manager.ami.all_events();
    let begun = Instant::now();
    let before = exchange.processor_time();
    let results: HashMap<String, PathBuf> = (0..count)
        .map(|line| (format!("script-{count}-{line}"), tiff.with_file_name(format!("result-{count}-{line}"))))
        .collect();
    for (line, (id, result)) in results.iter().enumerate() {
        let call = [
            ("Channel", format!("PJSIP/{}@trunk", number(line as u32))),
            ("ChannelId", id.clone()),
            ("Context", "fax-out".to_owned()),
            ("Exten", "send".to_owned()),
            ("Priority", "1".to_owned()),
            ("Async", "true".to_owned()),
            ("CallerID", "+12125550100".to_owned()),
            ("Variable", format!("FAXFILE={}", tiff.display())),
            ("Variable", format!("FAXRESULT={}", result.display())),
            ("Variable", "FAXSTATION=+12125550100".to_owned()),
            // As `script/bench` tells the server: a call that stands still is not waited for.
            ("Variable", "FAXMAXSECS=240".to_owned()),
        ];
        let call = call
            .into_iter()
            .fold(Action::new("Originate"), |call, (name, value)| call.field(name, value).unwrap());
        manager.ami.send(call).await.unwrap();
    }
    let mut over = 0;
    while over < count {
        let event = events.recv().await.unwrap();
        let of_ours = event.get("Uniqueid").is_some_and(|id| results.contains_key(id));
        over += u32::from(of_ours && event.event() == Some("Hangup"));
    }
    let arrived = |path: &&PathBuf| {
        let said = std::fs::read_to_string(path).unwrap_or_default();
        said.contains("status=SUCCESS&") && said.contains(&format!("&pages={PAGES}&"))
    };
    Round {
        delivered: results.values().filter(arrived).count() as u32,
        ours: Duration::ZERO,
        asterisks: exchange.processor_time() - before,
        lasted: begun.elapsed(),
    }
}
