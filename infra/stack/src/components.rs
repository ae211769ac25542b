//! The components of `infra/README.md`, what plays each here, and how it is.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, ensure};
use axum::http::{HeaderMap, Method};
use faxdroid_local::function::{self, Function, OriginRequest};
use futures::future::join_all;
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::servers::AppServer;
use crate::shape::{SERVERS, Shape};
use crate::telephones;

/// It waits for messages for a while.
const FIRST_RUN: &str = "its first run is under way";
/// Whatever does not answer in this time is down.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Component {
    /// As in the table of `infra/README.md`; none for what is not of AWS.
    pub(crate) number: Option<u8>,
    pub(crate) name: &'static str,
    pub(crate) played_by: &'static str,
    pub(crate) health: Health,
}

#[derive(Debug)]
pub(crate) enum Health {
    Up(String),
    Down(String),
    /// Nothing is played: why not.
    Absent(&'static str),
}

impl Component {
    fn new(number: u8, name: &'static str, played_by: &'static str, health: Health) -> Self {
        Self { number: Some(number), name, played_by, health }
    }

    fn absent(number: u8, name: &'static str, why: &'static str) -> Self {
        Self::new(number, name, "", Health::Absent(why))
    }
}

/// Every component, asked at this moment.
pub(crate) async fn of(shape: &Shape) -> Vec<Component> {
    let (edge, renderer, bucket, servers, telephones) = tokio::join!(
        within(edge(shape)),
        within(renderer(shape)),
        within(bucket(shape)),
        servers(shape),
        within(telephones(shape)),
    );
    let (public, private) = tokio::join!(within(public(shape)), within(private(shape)));
    let (database, locks) = tokio::join!(within(database(shape)), within(locks(shape)));
    let (refunds, retries) = tokio::join!(within(queue(shape, "refunds")), within(queue(shape, "retries")));
    vec![
        Component::absent(1, "Public zone", "Names below localhost are this machine's own (RFC 6761)."),
        Component::new(2, "CloudFront distribution", "infra/local, from templates/edge.yaml", edge),
        Component::new(3, "Renderer at the edge", "its package under Lambda's own runtime client", renderer),
        Component::new(4, "Static bucket", "moto", bucket),
        Component::new(5, "Web ACL", "infra/local, from templates/edge.yaml", web_acl(shape)),
        Component::absent(6, "VPC over three zones", "Everything is on this machine's loopback."),
        Component::absent(7, "Public subnets", "As the VPC."),
        Component::absent(8, "Private subnets", "As the VPC."),
        Component::new(9, "Application servers", "two servers, an Asterisk beside each", servers),
        Component::new(10, "Public load balancer", "HAProxy, from templates/services.yaml", public),
        Component::new(
            11,
            "Certificates",
            "one of its own for the site; none between the parts",
            certificate(shape),
        ),
        Component::absent(12, "NAT gateway", "The carrier knows the servers' own addresses."),
        Component::new(13, "Aurora MySQL 3", "MariaDB, one server", database),
        Component::new(14, "Redis", "Redis, one server", locks),
        Component::absent(15, "Private zone", "The poller is told an address."),
        Component::new(16, "Private load balancer", "HAProxy, from templates/services.yaml", private),
        Component::new(17, "Refunds queue", "moto", refunds),
        Component::new(18, "Retries queue", "moto", retries),
        Component::new(19, "Every minute", "a timer with the template's schedule", every_minute(shape)),
        Component::new(20, "Queue poller", "its program under a Lambda Runtime API", poller(shape)),
        Component::absent(21, "CI account: network and trust", "Whoever releases here is you."),
        Component::absent(22, "Jenkins", "The deploy tool does here what Jenkins calls it for."),
        Component {
            number: None,
            name: "Carrier and telephones",
            played_by: "a third Asterisk, over SIP and T.38",
            health: telephones,
        },
    ]
}

/// What went wrong is the component's, never the page's.
async fn within(check: impl Future<Output = anyhow::Result<String>>) -> Health {
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(Ok(said)) => Health::Up(said),
        Ok(Err(error)) => Health::Down(format!("{error:#}")),
        Err(_) => Health::Down(format!("no answer within {PATIENCE:?}")),
    }
}

async fn edge(shape: &Shape) -> anyhow::Result<String> {
    TcpStream::connect(shape.listener.https).await?;
    Ok(format!("{} requests went to origins", shape.edge.asked_origins()))
}

/// Its own event for a page, past the caches.
async fn renderer(shape: &Shape) -> anyhow::Result<String> {
    let release = shape.aws.rendered().await?.context("nothing was released yet")?;
    let distribution = &shape.edge.distribution;
    let route = distribution.route(&distribution.behavior("/").target);
    let origin = route.origins.first().context("pages have no origin")?;
    let request = OriginRequest {
        client: Ipv4Addr::LOCALHOST.into(),
        method: Method::GET,
        path: "/".to_owned(),
        query: String::new(),
        headers: HeaderMap::new(),
    };
    let event = function::event(distribution.name(), "status", &request, origin);
    let answer = shape.renderer.invoke(&event).await?;
    ensure!(answer["status"] == "200", "a page has status {}", answer["status"]);
    Ok(format!("release {release}"))
}

async fn bucket(shape: &Shape) -> anyhow::Result<String> {
    let shell = shape.aws.object("static", "fallback/index.html").await?;
    Ok(format!("its shell has {} bytes", shell.len()))
}

fn web_acl(shape: &Shape) -> Health {
    let stopped: u64 = shape.edge.web_acl.matched().iter().map(|(_, count)| *count).sum();
    Health::Up(format!("{stopped} requests met a rule"))
}

async fn servers(shape: &Shape) -> Health {
    let asked = join_all(shape.servers.iter().map(|server| within(server_answers(shape, server)))).await;
    let down: Vec<_> = asked
        .iter()
        .enumerate()
        .filter_map(|(number, health)| match health {
            Health::Down(why) => Some(format!("server {}: {why}", number + 1)),
            _ => None,
        })
        .collect();
    if down.is_empty() { Health::Up("both are healthy".to_owned()) } else { Health::Down(down.join("; ")) }
}

async fn server_answers(shape: &Shape, server: &AppServer) -> anyhow::Result<String> {
    let health = shape.http.get(format!("http://{}/api/v1/health", server.public));
    health.send().await.context("does not answer")?.error_for_status().context("is not healthy")?;
    Ok(String::new())
}

async fn telephones(shape: &Shape) -> anyhow::Result<String> {
    for manager in telephones::managers(SERVERS) {
        TcpStream::connect(manager).await.with_context(|| format!("the manager at {manager}"))?;
    }
    Ok(format!("{} faxes arrived at its machines", shape.telephones.received().len()))
}

/// It stops whoever has not our distribution's header, which is what it has to.
async fn public(shape: &Shape) -> anyhow::Result<String> {
    let asked = shape.http.get(format!("http://{}/api/v1/health", shape.balancers.public));
    let status = asked.send().await.context("it does not answer")?.status();
    ensure!(status == 403, "whoever comes past CloudFront is answered {status}");
    Ok("whoever comes past CloudFront is answered 403".to_owned())
}

async fn private(shape: &Shape) -> anyhow::Result<String> {
    let asked = shape.http.get(format!("http://{}/internal/v1/health", shape.balancers.private));
    asked.send().await.context("it does not answer")?.error_for_status()?;
    Ok("a server is healthy".to_owned())
}

fn certificate(shape: &Shape) -> Health {
    Health::Up(format!("for {}", shape.edge.distribution.aliases.join(" and ")))
}

/// MariaDB speaks first.
async fn database(shape: &Shape) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(shape.database.address()).await?;
    let mut greeting = [0; 64];
    let length = stream.read(&mut greeting).await?;
    // Four bytes of length and number, one of the protocol's version, and the server's version, which ends with a zero.
    let version = greeting.get(5..length).and_then(|rest| rest.split(|byte| *byte == 0).next());
    Ok(String::from_utf8_lossy(version.context("it is no database")?).into_owned())
}

async fn locks(shape: &Shape) -> anyhow::Result<String> {
    let mut stream: TcpStream = TcpStream::connect::<SocketAddr>(shape.redis.address()).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0; 16];
    let length = stream.read(&mut answer).await?;
    ensure!(&answer[..length] == b"+PONG\r\n", "it does not know PING");
    Ok("it answers PING".to_owned())
}

async fn queue(shape: &Shape, name: &str) -> anyhow::Result<String> {
    let dead = shape.aws.messages(&format!("{name}-dead-letters")).await?;
    Ok(format!("{} messages, {dead} dead letters", shape.aws.messages(name).await?))
}

fn every_minute(shape: &Shape) -> Health {
    let Some(run) = shape.minute.last() else { return Health::Up(FIRST_RUN.to_owned()) };
    let since = Timestamp::now().duration_since(run.at);
    let said = format!("last at {:.0}", run.at.round(Unit::Second).unwrap_or(run.at));
    // A run may take as long as the function may.
    if since > jiff::SignedDuration::try_from(shape.minute.period * 3).unwrap_or_default() {
        Health::Down(said)
    } else {
        Health::Up(said)
    }
}

fn poller(shape: &Shape) -> Health {
    match shape.minute.last().map(|run| run.said) {
        Some(Ok(report)) => {
            let count = |name: &str| report[name].as_u64().unwrap_or_default();
            Health::Up(format!(
                "{} handled, {} postponed, {} failed",
                count("handled"),
                count("postponed"),
                count("failed")
            ))
        }
        Some(Err(error)) => Health::Down(error),
        None => Health::Up(FIRST_RUN.to_owned()),
    }
}

/// For programs.
pub(crate) fn json(components: &[Component]) -> Value {
    components
        .iter()
        .map(|component| {
            let (state, said) = match &component.health {
                Health::Up(said) => ("up", said.as_str()),
                Health::Down(why) => ("down", why.as_str()),
                Health::Absent(why) => ("absent", *why),
            };
            json!({ "number": component.number, "name": component.name, "state": state, "says": said })
        })
        .collect()
}
