//! CloudFront Functions at viewer requests: the very JavaScript of the template, on what a viewer sent.
//!
//! Follows the CloudFront developer guide, "CloudFront Functions event structure" and "Restrictions on CloudFront Functions".
//! The engine is QuickJS; what runtime cloudfront-js-2.0 has beside the language (key-value stores, `crypto`) is not here,
//! so that a function that wants it fails.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use rquickjs::{CatchResultExt, Context, Ctx, Function as JsFunction, Runtime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Error;
use crate::template::{Stacks, read};

/// "Maximum memory" of a function.
const MOST_MEMORY: usize = 2 * 1024 * 1024;
/// "Maximum function size".
const LARGEST_CODE: usize = 10 * 1024;
/// CloudFront stops one after less than a millisecond of its machines; this one may be busy with other things.
const PATIENCE: Duration = Duration::from_millis(250);

/// A function of the template.
#[derive(Debug, Clone)]
pub struct ViewerFunction {
    name: String,
    code: String,
}

/// What a function sees of a request and may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerRequest {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
}

/// What a function decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    GoesOn(ViewerRequest),
    Generated { status: StatusCode, headers: HeaderMap, body: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Properties {
    #[serde(rename = "Name")]
    _name: String,
    auto_publish: Value,
    #[serde(rename = "FunctionConfig")]
    _config: FunctionConfig,
    function_code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct FunctionConfig {
    #[serde(rename = "Comment")]
    _comment: String,
    #[serde(rename = "Runtime")]
    _runtime: Engine,
}

#[derive(Deserialize)]
enum Engine {
    #[serde(rename = "cloudfront-js-2.0")]
    Second,
}

/// A header, a cookie or a parameter. The first of several is the value, and all of them are in the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    value: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    multi_value: Vec<One>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct One {
    value: String,
}

type Fields = BTreeMap<String, Field>;

#[derive(Deserialize)]
struct ReturnedRequest {
    method: String,
    uri: String,
    #[serde(default)]
    querystring: Fields,
    #[serde(default)]
    headers: Fields,
    #[serde(default)]
    cookies: Fields,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReturnedResponse {
    status_code: u16,
    #[serde(default)]
    headers: Fields,
    #[serde(default)]
    body: Option<Value>,
}

impl ViewerFunction {
    pub(crate) fn find(at: &str, stacks: &Stacks<'_>, arn: &str) -> Result<Self, Error> {
        let (name, resource) = stacks.referred(at, arn, "AWS::CloudFront::Function")?;
        let properties: Properties = read(&name, &resource.properties)?;
        if properties.auto_publish != json!(true) {
            return Err(Error::refused(&name, "is not published, so it would not run"));
        }
        if properties.function_code.len() > LARGEST_CODE {
            return Err(Error::refused(&name, format!("is larger than {LARGEST_CODE} bytes")));
        }
        let function = Self { name, code: properties.function_code };
        function.load().map_err(|error| Error::refused(&function.name, error))?;
        Ok(function)
    }

    /// Whether there is a `handler` at all.
    fn load(&self) -> Result<(), String> {
        self.within_engine(|context| context.globals().get::<_, JsFunction<'_>>("handler").map(|_| ()))
    }

    /// Runs the function, in an engine of its own.
    ///
    /// # Errors
    ///
    /// When it throws, takes too long, or returns what is neither a request nor a response.
    pub fn run(
        &self,
        distribution: &str,
        viewer: std::net::IpAddr,
        request: &ViewerRequest,
    ) -> Result<Decision, String> {
        let event = json!({
            "version": "1.0",
            "context": {
                "distributionDomainName": format!("{distribution}.cloudfront.net"),
                "distributionId": distribution,
                "eventType": "viewer-request",
                "requestId": ulid::Ulid::new().to_string(),
            },
            "viewer": { "ip": viewer.to_string() },
            "request": {
                "method": request.method,
                "uri": request.path,
                "querystring": grouped(pairs(&request.query, '&')),
                "headers": grouped(headers(&request.headers)),
                "cookies": grouped(cookies(&request.headers)),
            },
        });
        let returned = self.within_engine(|context| {
            let handler: JsFunction<'_> = context.globals().get("handler")?;
            let event = context.json_parse(event.to_string())?;
            let returned: rquickjs::Value<'_> = handler.call((event,))?;
            let text = context.json_stringify(returned)?;
            text.map(|text| text.to_string()).transpose()
        })?;
        let returned: Value =
            serde_json::from_str(returned.as_deref().unwrap_or("null")).map_err(|error| error.to_string())?;
        decision(request, returned)
    }

    fn within_engine<T>(&self, then: impl FnOnce(&Ctx<'_>) -> rquickjs::Result<T>) -> Result<T, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        runtime.set_memory_limit(MOST_MEMORY);
        let end = Instant::now() + PATIENCE;
        runtime.set_interrupt_handler(Some(Box::new(move || Instant::now() > end)));
        let context = Context::full(&runtime).map_err(|error| error.to_string())?;
        context.with(|context| {
            let ran = context.eval::<(), _>(self.code.as_str()).and_then(|()| then(&context));
            ran.catch(&context).map_err(|error| format!("{}: {error}", self.name))
        })
    }
}

fn decision(asked: &ViewerRequest, returned: Value) -> Result<Decision, String> {
    if returned.get("statusCode").is_some() {
        let returned: ReturnedResponse =
            serde_json::from_value(returned).map_err(|error| error.to_string())?;
        let status = StatusCode::from_u16(returned.status_code).map_err(|error| error.to_string())?;
        let body = match returned.body {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => return Err(format!("the body {other} is no text")),
        };
        return Ok(Decision::Generated { status, headers: header_map(&returned.headers)?, body });
    }
    let returned: ReturnedRequest = serde_json::from_value(returned).map_err(|error| error.to_string())?;
    if returned.method != asked.method {
        return Err("the method cannot be changed".to_owned());
    }
    let mut headers = header_map(&returned.headers)?;
    if !returned.cookies.is_empty() {
        let value =
            HeaderValue::try_from(joined(&returned.cookies, "; ")).map_err(|error| error.to_string())?;
        headers.insert(COOKIE, value);
    }
    let query = joined(&returned.querystring, "&");
    Ok(Decision::GoesOn(ViewerRequest { method: returned.method, path: returned.uri, query, headers }))
}

fn pairs(text: &str, separator: char) -> impl Iterator<Item = (String, String)> {
    text.split(separator).map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    })
}

fn headers(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let seen = headers.iter().filter(|(name, _)| **name != COOKIE);
    seen.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| pairs(value, ';'))
}

fn grouped(pairs: impl Iterator<Item = (String, String)>) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in pairs {
        match fields.get_mut(&name) {
            None => {
                fields.insert(name, Field { value, multi_value: Vec::new() });
            }
            Some(field) => {
                if field.multi_value.is_empty() {
                    field.multi_value.push(One { value: field.value.clone() });
                }
                field.multi_value.push(One { value });
            }
        }
    }
    fields
}

/// Every pair in the order of names. A parameter without a value keeps none.
fn joined(fields: &Fields, separator: &str) -> String {
    let pairs = fields.iter().flat_map(|(name, field)| {
        values(field)
            .map(move |value| if value.is_empty() { name.clone() } else { format!("{name}={value}") })
    });
    pairs.collect::<Vec<_>>().join(separator)
}

fn values(field: &Field) -> impl Iterator<Item = &str> {
    let several = field.multi_value.iter().map(|one| one.value.as_str());
    let single = field.multi_value.is_empty().then_some(field.value.as_str());
    single.into_iter().chain(several)
}

fn header_map(fields: &Fields) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, field) in fields {
        let parsed = HeaderName::try_from(name).map_err(|_| format!("{name} is no header"))?;
        if name.chars().any(|letter| letter.is_ascii_uppercase()) {
            return Err(format!("the header {name} is not in small letters"));
        }
        for value in values(field) {
            headers.append(
                &parsed,
                HeaderValue::try_from(value).map_err(|_| format!("{name}: {value} is no header"))?,
            );
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(code: &str, query: &str) -> Result<Decision, String> {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("www.example.com"));
        headers.insert(COOKIE, HeaderValue::from_static("a=1; b=2"));
        let (method, path) = ("GET".to_owned(), "/pricing".to_owned());
        let request = ViewerRequest { method, path, query: query.to_owned(), headers };
        let function = ViewerFunction { name: "edge.Test".to_owned(), code: code.to_owned() };
        function.run("E1", [192, 0, 2, 1].into(), &request)
    }

    #[test]
    fn a_function_changes_path_query_headers_and_cookies() {
        let code = "function handler(event) {
            const request = event.request;
            request.uri = '/other';
            delete request.querystring.utm;
            delete request.cookies.a;
            request.headers['x-asked'] = { value: request.headers.host.value + ' ' + event.viewer.ip };
            return request;
        }";
        let Decision::GoesOn(request) = run(code, "pages=5&utm=1&pages=6&bare").unwrap() else {
            panic!("answered")
        };
        assert_eq!((request.path.as_str(), request.query.as_str()), ("/other", "bare&pages=5&pages=6"));
        assert_eq!(request.headers["x-asked"], "www.example.com 192.0.2.1");
        assert_eq!(request.headers[COOKIE], "b=2");
    }

    #[test]
    fn a_function_may_answer_itself() {
        let code = "function handler() {
            return { statusCode: 302, headers: { location: { value: '/' } } };
        }";
        let Decision::Generated { status, headers, .. } = run(code, "").unwrap() else { panic!("went on") };
        assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::FOUND, "/"));
    }

    #[test]
    fn what_goes_wrong_is_said() {
        assert!(run("function handler() { throw new Error('broken'); }", "").unwrap_err().contains("broken"));
        assert!(run("function handler() { while (true) {} }", "").is_err());
        assert!(run("function handler() { return null; }", "").is_err());
        assert!(run("const none = 1;", "").is_err());
        let method = "function handler(event) { event.request.method = 'POST'; return event.request; }";
        assert_eq!(run(method, "").unwrap_err(), "the method cannot be changed");
    }

    #[test]
    fn nothing_stays_from_one_request_to_the_next() {
        let code = "let seen = 0; function handler(event) { seen++; event.request.uri = '/' + seen; return event.request; }";
        for _ in 0..2 {
            let Decision::GoesOn(request) = run(code, "").unwrap() else { panic!("answered") };
            assert_eq!(request.path, "/1");
        }
    }
}
