//! The security headers of every page.
//!
//! Inline scripts are allowed by hash: a nonce cannot be kept at the edge.

use std::sync::LazyLock;

use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use faxdroid_app::{ISLANDS_SCRIPT, SESSION_SCRIPT, is_watched};
use sha2::{Digest, Sha256};

static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    // The reload script is inline and differs by port.
    if is_watched() {
        return None;
    }
    let hash = |script: &str| BASE64_STANDARD.encode(Sha256::digest(script));
    // Browsers follow `form-action` through redirects, and a purchase goes on to Stripe's page.
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{}' 'sha256-{}'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'self' https://checkout.stripe.com; frame-ancestors 'none'",
        hash(SESSION_SCRIPT),
        hash(ISLANDS_SCRIPT),
    );
    HeaderValue::try_from(policy).ok()
});

pub(crate) fn secure(headers: &mut HeaderMap) {
    if let Some(policy) = POLICY.clone() {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains; preload"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Queries of pages may hold tokens; they are nobody else's business.
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
