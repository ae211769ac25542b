//! An answer of the server, read whole, with what can be expected of it.

use faxdroid_contract::problem::{MEDIA_TYPE, Problem, ProblemCode};
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, LOCATION};
use serde::de::DeserializeOwned;

/// The answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(super) async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(self) -> T {
        assert!(self.status.is_success(), "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The problem, which has this code and is whole: documented, named in our logs, kept by nobody.
    #[track_caller]
    pub(crate) fn problem(self, code: ProblemCode) -> Problem {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.header(CONTENT_TYPE.as_str()), MEDIA_TYPE, "{} {body}", self.status);
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.code, code.as_str(), "{body}");
        assert_eq!((self.status.as_u16(), problem.status), (code.status(), code.status()), "{body}");
        assert_eq!(problem.title, code.title());
        assert_eq!(problem.type_, format!("http://127.0.0.1:3000/developers#{}", code.as_str()));
        assert_eq!(problem.request_id, self.header("x-request-id"));
        assert!(!problem.detail.is_empty() && !problem.request_id.is_empty(), "{body}");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header(CACHE_CONTROL.as_str()), "no-store");
        problem
    }

    /// The problem with the fields it is about, as `pointer code`.
    #[track_caller]
    pub(crate) fn problem_of(self, code: ProblemCode, fields: &[&str]) {
        let problem = self.problem(code);
        let found: Vec<_> =
            problem.errors.iter().map(|field| format!("{} {}", field.pointer, field.code)).collect();
        assert_eq!(found, fields);
    }

    /// The page to which a plain form is sent on.
    #[track_caller]
    pub(crate) fn page(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&self.body));
        self.header(LOCATION.as_str())
    }
}
