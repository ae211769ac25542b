//! What HTTP says about a page beside the page: its `ETag` and the answer to `If-None-Match` (RFC 9110, 13.1.2), the
//! security headers, and the answer to `HEAD`.

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::middleware::Next;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use headers::{HeaderMapExt, IfNoneMatch};
use sha2::{Digest, Sha256};

use crate::headers::secure;

/// Of the hash, in bytes: enough that no two pages share a tag.
const TAG: usize = 12;

/// Inside of the compression: the tag is weak, so one serves every coding of the same page.
pub(crate) async fn describe(request: Request<Body>, next: Next) -> Response<Body> {
    let condition = request.headers().typed_get::<IfNoneMatch>();
    let (mut head, body) = next.run(request).await.into_parts();
    secure(&mut head.headers);
    // The body is a page that was rendered before, so reading it cannot fail.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if head.status == StatusCode::OK {
        let tag = format!("W/\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..TAG]));
        if let Ok(value) = HeaderValue::try_from(&tag) {
            head.headers.insert(ETAG, value);
        }
        let known = tag
            .parse()
            .is_ok_and(|tag| condition.is_some_and(|condition| !condition.precondition_passes(&tag)));
        if known {
            head.status = StatusCode::NOT_MODIFIED;
            head.headers.remove(CONTENT_TYPE);
            head.headers.remove(CONTENT_LENGTH);
            return Response::from_parts(head, Body::empty());
        }
    }
    Response::from_parts(head, Body::from(body))
}

/// Outside of everything: the page as for `GET`, which the router then leaves out, as it does for every `HEAD`.
pub(crate) async fn answer_head(mut request: Request<Body>, next: Next) -> Response<Body> {
    if *request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    next.run(request).await
}
