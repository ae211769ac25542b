//! Requests to origins: where they are on this machine, how often and how long they are tried.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Error;
use crate::distribution::{Distribution, Origin, OriginKind};
use crate::function::OriginRequest;
use crate::tasks::Tasks;

/// Headers that are about one connection (RFC 9110, 7.6.1).
pub(crate) const OF_A_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Origin access control signs every request; stand-ins for S3 check no signature, only that there is one and of whom.
const SIGNED: HeaderValue = HeaderValue::from_static(
    "AWS4-HMAC-SHA256 Credential=cloudfront/20261101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
);

/// Where the origins of a template are on this machine.
#[derive(Debug, Clone, Default)]
pub struct Places {
    places: BTreeMap<String, Place>,
    secrets: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Place {
    address: SocketAddr,
    /// Goes before every path: a bucket of a server that holds several.
    prefix: String,
}

impl Places {
    /// `domain` of the template is at `address`.
    #[must_use]
    pub fn server(mut self, domain: &str, address: SocketAddr) -> Self {
        self.places.insert(domain.to_owned(), Place { address, prefix: String::new() });
        self
    }

    /// `domain` of the template is the bucket of this name, of a stand-in for S3 at `address`.
    #[must_use]
    pub fn bucket(mut self, domain: &str, address: SocketAddr, name: &str) -> Self {
        self.places.insert(domain.to_owned(), Place { address, prefix: format!("/{name}") });
        self
    }

    /// What a dynamic reference (`{{resolve:…}}`) of a header is resolved to.
    #[must_use]
    pub fn secret(mut self, reference: &str, value: &str) -> Self {
        self.secrets.insert(reference.to_owned(), value.to_owned());
        self
    }

    fn header(&self, origin: &Origin, value: &HeaderValue) -> Result<HeaderValue, Error> {
        let text = value.to_str().unwrap_or_default();
        if !text.contains("{{resolve:") {
            return Ok(value.clone());
        }
        let secret = self.secrets.get(text).and_then(|secret| HeaderValue::try_from(secret).ok());
        secret.ok_or_else(|| Error::refused(&origin.id, format!("nothing says what {text} is")))
    }
}

/// A client of every origin of a distribution.
#[derive(Debug)]
pub(crate) struct Origins {
    of: BTreeMap<String, (Place, Vec<(HeaderName, HeaderValue)>)>,
    /// Connections whose responses are still read.
    connections: Arc<Tasks>,
}

/// Why nobody gave an answer, with the status that CloudFront gives instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The origin could not be reached or broke off, or a function answered what is not valid.
    BadGateway,
    /// A function failed, or said nothing in time.
    FunctionFailed,
    TimedOut,
}

impl NoAnswer {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::FunctionFailed => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl Origins {
    pub(crate) fn new(
        distribution: &Distribution,
        places: &Places,
        connections: Arc<Tasks>,
    ) -> Result<Self, Error> {
        let mut of = BTreeMap::new();
        for origin in distribution.origins() {
            let place = places.places.get(&origin.domain_name);
            let place = place.ok_or_else(|| {
                Error::refused(&origin.id, format!("nothing says where {} is", origin.domain_name))
            })?;
            let headers = origin.custom_headers.iter();
            let headers = headers.map(|(name, value)| Ok((name.clone(), places.header(origin, value)?)));
            of.insert(origin.id.clone(), (place.clone(), headers.collect::<Result<_, Error>>()?));
        }
        Ok(Self { of, connections })
    }

    /// Asks `origin`. The path goes as it is, in whatever form.
    pub(crate) async fn ask(
        &self,
        origin: &Origin,
        asked: OriginRequest,
        body: Body,
    ) -> Result<Response<Body>, NoAnswer> {
        let (place, custom_headers) = self.of.get(&origin.id).ok_or(NoAnswer::BadGateway)?;
        let request = request(origin, place, custom_headers, asked, body)?;
        let stream = connect(place.address, origin.attempts, origin.connection_timeout).await?;
        let connected = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = connected.map_err(|_| NoAnswer::BadGateway)?;
        // Ends with the body of the response, or with whoever drops it.
        self.connections.spawn(async move {
            let _ = connection.await;
        });
        let answer = tokio::time::timeout(origin.read_timeout, sender.send_request(request)).await;
        let answer = answer.map_err(|_| NoAnswer::TimedOut)?.map_err(|_| NoAnswer::BadGateway)?;
        let mut answer = answer.map(Body::new);
        for name in OF_A_CONNECTION {
            answer.headers_mut().remove(name);
        }
        if matches!(origin.kind, OriginKind::Bucket) && answer.status() == StatusCode::NOT_FOUND {
            // Who may read but not list is not told what is missing, and the bucket's policy lets nobody list.
            *answer.status_mut() = StatusCode::FORBIDDEN;
        }
        Ok(answer)
    }
}

fn request(
    origin: &Origin,
    place: &Place,
    custom_headers: &[(HeaderName, HeaderValue)],
    asked: OriginRequest,
    body: Body,
) -> Result<Request<Body>, NoAnswer> {
    let query = if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
    let target = format!("{}{}{}{query}", place.prefix, origin.path, asked.path);
    let mut request = Request::new(body);
    *request.method_mut() = asked.method;
    *request.uri_mut() = target.parse().map_err(|_| NoAnswer::BadGateway)?;
    let mut headers = asked.headers;
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
    for (name, value) in custom_headers {
        headers.insert(name, value.clone());
    }
    if !headers.contains_key(HOST) {
        let host = HeaderValue::try_from(origin.domain_name.trim_matches(['<', '>']));
        headers.insert(HOST, host.map_err(|_| NoAnswer::BadGateway)?);
    }
    if matches!(origin.kind, OriginKind::Bucket) {
        headers.insert(AUTHORIZATION, SIGNED);
        // A bucket that is a folder of its server is asked for under the server's name.
        let host = HeaderValue::try_from(place.address.to_string());
        headers.insert(HOST, host.map_err(|_| NoAnswer::BadGateway)?);
    }
    *request.headers_mut() = headers;
    Ok(request)
}

async fn connect(address: SocketAddr, attempts: u64, patience: Duration) -> Result<TcpStream, NoAnswer> {
    let mut failure = NoAnswer::TimedOut;
    for _ in 0..attempts.max(1) {
        failure = match tokio::time::timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(_)) => NoAnswer::BadGateway,
            Err(_) => NoAnswer::TimedOut,
        };
    }
    Err(failure)
}
