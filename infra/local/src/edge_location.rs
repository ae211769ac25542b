//! The way of a request through an edge location: web ACL, behavior, cache, function, origins, and back.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING, VIA};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use faxdroid_evaluator::Stack;
use ulid::Ulid;

use crate::Error;
use crate::cache::{Cache, Freshness, Key, Stored, lifetime};
use crate::clock::Clock;
use crate::compression;
use crate::distribution::{Distribution, Origin, ViewerProtocol};
use crate::function::{self, Decision, Function, OriginRequest};
use crate::origin::{NoAnswer, Origins, Places};
use crate::tasks::Tasks;
use crate::viewer_function::{self, ViewerRequest};
use crate::web_acl::{Inspected, Verdict, WebAcl};

mod answers;
mod asked;

use answers::{Label, blocked, error_page, kept, labelled, redirect};
use asked::Asked;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const OUR_VIA: HeaderValue = HeaderValue::from_static("1.1 local.cloudfront.net (CloudFront)");

/// "Maximum length of a request, including headers and query strings, but not including the body content".
const LONGEST_REQUEST: usize = 32_768;
/// "Maximum length of a URL".
const LONGEST_URL: usize = 8_192;
/// What is kept is read to its end first.
const LARGEST_KEPT: usize = 30 * 1024 * 1024;

/// A distribution with its web ACL, in one place of the world.
#[derive(Debug)]
pub struct EdgeLocation {
    pub distribution: Distribution,
    pub web_acl: WebAcl,
    pub cache: Cache,
    pub clock: Clock,
    origins: Origins,
    functions: BTreeMap<String, Arc<dyn Function>>,
    port: Option<u16>,
    asked_origins: AtomicU64,
    /// Renewals that go on after an answer.
    tasks: Arc<Tasks>,
}

/// Who asks, and how.
#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    pub address: IpAddr,
    pub protocol: Protocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Https,
}

/// What an edge location is made of beside the templates.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    pub places: Places,
    /// By `stack.Resource` of the version.
    pub functions: BTreeMap<String, Arc<dyn Function>>,
    /// Where HTTPS is answered, if not at 443.
    pub port: Option<u16>,
    pub clock: Clock,
}

/// An answer on its way back, and who gave it.
struct Fetched {
    response: Response<Body>,
    generated: bool,
}

impl Fetched {
    fn label(&self) -> Label {
        match () {
            () if is_error(self.response.status()) => Label::Error,
            () if self.generated => Label::Generated,
            () => Label::Miss,
        }
    }
}

impl EdgeLocation {
    /// Of resolved templates; the content of managed rule groups is in the folder `managed`.
    ///
    /// # Errors
    ///
    /// When the templates have something that is not known here, or an origin, a secret or a function has no place.
    pub fn new(stacks: &[Stack], managed: &Path, with: Surroundings) -> Result<Arc<Self>, Error> {
        let mut distribution = Distribution::read(stacks)?;
        if let Some(port) = with.port {
            distribution = distribution.at_port(port);
        }
        if let Some(missing) = distribution.functions().find(|name| !with.functions.contains_key(*name)) {
            return Err(Error::refused(missing, "nothing plays this function"));
        }
        let tasks = Arc::new(Tasks::default());
        Ok(Arc::new(Self {
            origins: Origins::new(&distribution, &with.places, tasks.clone())?,
            web_acl: WebAcl::read(stacks, managed)?,
            cache: Cache::default(),
            clock: with.clock,
            functions: with.functions,
            port: with.port,
            asked_origins: AtomicU64::new(0),
            tasks,
            distribution,
        }))
    }

    /// How many requests have gone to origins.
    pub fn asked_origins(&self) -> u64 {
        self.asked_origins.load(Ordering::Relaxed)
    }

    /// Answers one request of a viewer.
    pub async fn answer(self: &Arc<Self>, viewer: Viewer, request: Request<Body>) -> Response<Body> {
        let head = request.method() == Method::HEAD;
        let mut response = match self.refuse(viewer, &request) {
            Some(refused) => refused,
            None => self.through_behavior(viewer, request).await,
        };
        let headers = response.headers_mut();
        headers.append(VIA, OUR_VIA);
        headers.insert("x-amz-cf-pop", HeaderValue::from_static("LOCAL"));
        if let Ok(id) = HeaderValue::try_from(Ulid::new().to_string()) {
            headers.insert("x-amz-cf-id", id);
        }
        if head { response.map(|_| Body::empty()) } else { response }
    }

    /// What CloudFront and the web ACL answer before they look for anything.
    fn refuse(&self, viewer: Viewer, request: &Request<Body>) -> Option<Response<Body>> {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let headers = request.headers();
        let url = path.len() + query.len();
        let lines = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
        if url > LONGEST_URL || url + lines.sum::<usize>() > LONGEST_REQUEST {
            return Some(error_page(StatusCode::PAYLOAD_TOO_LARGE));
        }
        // A distribution answers for its own names alone.
        let host = host_of(request);
        if !self.distribution.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(host)) {
            return Some(error_page(StatusCode::FORBIDDEN));
        }
        let method = request.method().as_str();
        let inspected = Inspected { source: viewer.address, method, path, query, headers };
        if let Verdict::Blocked { rule, answer } = self.web_acl.verdict(&inspected, self.clock.now()) {
            tracing::info!(rule, method, path, source = %viewer.address, "blocked");
            return Some(blocked(answer));
        }
        let behavior = self.distribution.behavior(path);
        match (viewer.protocol, behavior.viewer_protocol) {
            (Protocol::Http, ViewerProtocol::HttpsOnly) => return Some(error_page(StatusCode::FORBIDDEN)),
            (Protocol::Http, ViewerProtocol::RedirectToHttps) => {
                let port = self.port.map_or(String::new(), |port| format!(":{port}"));
                let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
                return Some(redirect(&format!("https://{host}{port}{target}")));
            }
            _ => {}
        }
        if !behavior.allowed_methods.contains(request.method()) {
            return Some(error_page(StatusCode::FORBIDDEN));
        }
        // "If a viewer GET request includes a body, CloudFront returns an HTTP status code 403".
        let has_body = headers.contains_key(TRANSFER_ENCODING)
            || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        (request.method() == Method::GET && has_body).then(|| error_page(StatusCode::FORBIDDEN))
    }

    async fn through_behavior(self: &Arc<Self>, viewer: Viewer, request: Request<Body>) -> Response<Body> {
        // HTTP/2 names the host elsewhere; functions and origins find it among the headers all the same.
        let host = HeaderValue::try_from(host_of(&request)).ok();
        let (mut head, body) = request.into_parts();
        if let Some(host) = host {
            head.headers.entry(HOST).or_insert(host);
        }
        let behavior = self.distribution.behavior(head.uri.path()).clone();
        let asked = Asked {
            viewer: viewer.address,
            behavior: behavior.clone(),
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
        };
        let mut response = match self.through_viewer_function(asked) {
            Ok(asked) if behavior.cached_methods.contains(&asked.method) => {
                self.through_cache(asked, body).await
            }
            Ok(asked) => self.pass(asked, body).await,
            Err(answered) => *answered,
        };
        behavior.response_headers.apply(response.headers_mut());
        response
    }

    /// The request as the behavior's CloudFront Function leaves it, or its answer.
    fn through_viewer_function(&self, asked: Asked) -> Result<Asked, Box<Response<Body>>> {
        let Some(function) = &asked.behavior.viewer_request_function else { return Ok(asked) };
        let seen = ViewerRequest {
            method: asked.method.to_string(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            headers: asked.headers.clone(),
        };
        match function.run(self.distribution.name(), asked.viewer, &seen) {
            Ok(viewer_function::Decision::GoesOn(request)) => {
                let ViewerRequest { path, query, headers, .. } = request;
                Ok(Asked { path, query, headers, ..asked })
            }
            Ok(viewer_function::Decision::Generated { status, headers, body }) => {
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Err(Box::new(labelled(response, Label::Generated)))
            }
            Err(error) => {
                tracing::error!(path = asked.path, error, "viewer_function_failed");
                Err(Box::new(error_page(StatusCode::SERVICE_UNAVAILABLE)))
            }
        }
    }

    async fn through_cache(self: &Arc<Self>, asked: Asked, body: Body) -> Response<Body> {
        let key = asked.key();
        let now = self.clock.now();
        let stored = self.cache.get(&key);
        match stored.as_ref().map(|stored| (stored, stored.freshness(now))) {
            Some((stored, Freshness::Fresh)) => return kept(&asked, stored, Label::Hit, now),
            Some((stored, Freshness::WhileRevalidating)) => {
                let answer = kept(&asked, stored, Label::Hit, now);
                let (edge, stored) = (self.clone(), stored.clone());
                // The one who asked has the old answer, the next one has the new.
                self.tasks.spawn(async move {
                    edge.renew(&asked, key, Some(stored)).await;
                });
                return answer;
            }
            _ => {}
        }
        // Of what is never kept the body is not waited for: it may never end.
        if asked.method == Method::HEAD || asked.behavior.cache.keeps_nothing() {
            return self.pass(asked, body).await;
        }
        match self.renew(&asked, key, stored).await {
            Renewed::Kept(stored, label) => kept(&asked, &stored, label, self.clock.now()),
            Renewed::Passing(fetched) => {
                let label = fetched.label();
                labelled(fetched.response, label)
            }
        }
    }

    /// Passes an answer on while it comes. Errors are small; they are read, and kept where they may be.
    async fn pass(self: &Arc<Self>, asked: Asked, body: Body) -> Response<Body> {
        let fetched = self.fetch(&asked, body, None).await;
        match fetched {
            Ok(fetched) if !is_error(fetched.response.status()) => {
                let label = fetched.label();
                labelled(fetched.response, label)
            }
            fetched => {
                let keeps =
                    asked.behavior.cached_methods.contains(&asked.method) && asked.method != Method::HEAD;
                let key = asked.key();
                let (stored, label) = self.settle(&asked, fetched, &key).await;
                if keeps {
                    self.cache.put(key, stored.clone());
                }
                kept(&asked, &stored, label, self.clock.now())
            }
        }
    }

    /// Fetches a response that may be kept, and keeps it. `stored` is what there is already.
    async fn renew(self: &Arc<Self>, asked: &Asked, key: Key, stored: Option<Arc<Stored>>) -> Renewed {
        let now = self.clock.now();
        let usable =
            stored.filter(|stored| stored.freshness(now) != Freshness::Expired && !is_error(stored.status));
        let fetched = self.fetch(asked, Body::empty(), usable.as_deref()).await;
        let status = match &fetched {
            Ok(fetched) => fetched.response.status(),
            Err(failure) => failure.status(),
        };
        if let Some(stored) = usable {
            if status == StatusCode::NOT_MODIFIED {
                let renewed = Stored { since: now, ..Stored::clone(&stored) };
                self.cache.put(key, renewed.clone());
                return Renewed::Kept(Arc::new(renewed), Label::RefreshHit);
            }
            // "CloudFront continues to serve cached content" while the origin fails.
            if status.is_server_error() {
                return Renewed::Kept(stored, Label::Hit);
            }
        }
        match fetched {
            Ok(fetched) if length(&fetched.response).is_some_and(|length| length > LARGEST_KEPT) => {
                Renewed::Passing(fetched)
            }
            fetched => {
                let (stored, label) = self.settle(asked, fetched, &key).await;
                self.cache.put(key, stored.clone());
                Renewed::Kept(Arc::new(stored), label)
            }
        }
    }

    /// Reads an answer to its end, puts the distribution's own page in the place of an error, and compresses.
    async fn settle(&self, asked: &Asked, fetched: Result<Fetched, NoAnswer>, key: &Key) -> (Stored, Label) {
        let fetched = fetched
            .unwrap_or_else(|failure| Fetched { response: error_page(failure.status()), generated: false });
        let label = fetched.label();
        let (head, body) = fetched.response.into_parts();
        let (mut status, mut headers, mut body) = match to_bytes(body, LARGEST_KEPT).await {
            Ok(body) => (head.status, head.headers, body),
            // It broke off in the middle.
            Err(_) => (StatusCode::BAD_GATEWAY, HeaderMap::new(), Bytes::new()),
        };
        let special = self.distribution.error_response(status);
        let least = special.map_or(lifetime::ERRORS_BY_DEFAULT, |special| special.kept);
        let lifetime = lifetime::of(status, &headers, &asked.behavior.cache, least);
        if let Some((page, shown_as)) = special.and_then(|special| special.page.as_ref())
            && let Some((page_headers, page_body)) = self.page_for_error(asked, page).await
        {
            (status, headers, body) = (*shown_as, page_headers, page_body);
        }
        if asked.behavior.compress {
            body = compression::compress(status, &mut headers, body, &key.encodings);
        }
        headers.remove(CONTENT_LENGTH);
        (Stored { status, headers, body, lifetime, since: self.clock.now() }, label)
    }

    /// A page for errors is fetched by the behavior of its own path, without functions at viewer requests.
    async fn page_for_error(&self, asked: &Asked, page: &str) -> Option<(HeaderMap, Bytes)> {
        let page = Asked {
            behavior: self.distribution.behavior(page).clone(),
            method: Method::GET,
            path: page.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            ..asked.clone()
        };
        let fetched = self.fetch(&page, Body::empty(), None).await.ok()?;
        if !fetched.response.status().is_success() {
            return None;
        }
        let (head, body) = fetched.response.into_parts();
        Some((head.headers, to_bytes(body, LARGEST_KEPT).await.ok()?))
    }

    /// Asks the function and the origin, and then those of the second origin of a group.
    async fn fetch(&self, asked: &Asked, body: Body, kept: Option<&Stored>) -> Result<Fetched, NoAnswer> {
        let route = self.distribution.route(&asked.behavior.target);
        let mut request = asked.for_origin(kept);
        if let Some(object) = self.distribution.default_root_object.as_ref().filter(|_| request.path == "/") {
            request.path = format!("/{object}");
        }
        // "CloudFront fails over … only when the HTTP method of the viewer request is GET, HEAD, or OPTIONS."
        let may_fail_over = matches!(asked.method, Method::GET | Method::HEAD | Method::OPTIONS);
        let mut body = Some(body);
        let mut last = Err(NoAnswer::BadGateway);
        for origin in route.origins {
            last = self.ask(asked, origin, request.clone(), body.take().unwrap_or_default()).await;
            let failed = match &last {
                Ok(fetched) => route.fails_over_at.contains(&fetched.response.status().as_u16()),
                Err(_) => true,
            };
            if !failed || !may_fail_over {
                break;
            }
            tracing::warn!(origin = origin.id, path = request.path, "origin_of_group_failed");
        }
        last
    }

    async fn ask(
        &self,
        asked: &Asked,
        origin: &Origin,
        mut request: OriginRequest,
        body: Body,
    ) -> Result<Fetched, NoAnswer> {
        let function = asked.behavior.origin_request_function.as_ref();
        if let Some(function) = function.and_then(|name| self.functions.get(name)) {
            match self.run(function, &request, origin).await? {
                Decision::Generated { status, headers, body } => {
                    let mut response = Response::new(Body::from(body));
                    *response.status_mut() = status;
                    *response.headers_mut() = headers;
                    return Ok(Fetched { response, generated: true });
                }
                Decision::GoesOn(changed) => request = changed,
            }
        }
        self.asked_origins.fetch_add(1, Ordering::Relaxed);
        let path = request.path.clone();
        let answer = self.origins.ask(origin, request, body).await;
        if let Err(failure) = &answer {
            tracing::warn!(origin = origin.id, path, ?failure, "origin_failed");
        }
        Ok(Fetched { response: answer?, generated: false })
    }

    async fn run(
        &self,
        function: &Arc<dyn Function>,
        request: &OriginRequest,
        origin: &Origin,
    ) -> Result<Decision, NoAnswer> {
        let event = function::event(self.distribution.name(), &Ulid::new().to_string(), request, origin);
        let returned = function.invoke(&event).await.map_err(|error| {
            tracing::error!(path = request.path, %error, "function_failed");
            NoAnswer::FunctionFailed
        })?;
        function::decision(request, returned).map_err(|error| {
            tracing::error!(path = request.path, %error, "function_answer_invalid");
            NoAnswer::BadGateway
        })
    }
}

enum Renewed {
    Kept(Arc<Stored>, Label),
    /// Larger than anything that is kept.
    Passing(Fetched),
}

fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn length(response: &Response<Body>) -> Option<usize> {
    response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Without the port.
fn host_of(request: &Request<Body>) -> &str {
    let from_header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = from_header
        .or_else(|| request.uri().authority().map(|authority| authority.as_str()))
        .unwrap_or_default();
    host.split_once(':').map_or(host, |(host, _)| host)
}
