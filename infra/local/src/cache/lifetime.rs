//! How long a response is kept ("Manage how long content stays in the cache", "Control how long CloudFront caches errors").

use std::time::{Duration, SystemTime};

use axum::http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES};
use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::distribution::policies::CachePolicy;

/// An error is kept so long where the distribution says nothing.
pub const ERRORS_BY_DEFAULT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    pub fresh: Duration,
    /// RFC 5861, 3.
    pub while_revalidating: Duration,
    /// RFC 5861, 4; `None` where the origin sets no limit.
    pub if_error: Option<Duration>,
}

impl Lifetime {
    const NONE: Self = Self { fresh: Duration::ZERO, while_revalidating: Duration::ZERO, if_error: None };
}

/// What `Cache-Control` and `Expires` say.
#[derive(Debug, Default)]
struct Said {
    forbidden: bool,
    seconds: Option<Duration>,
    while_revalidating: Duration,
    if_error: Option<Duration>,
}

/// How long this response of an origin lives. `error_kept` is the least for its status, if it is an error.
pub fn of(status: StatusCode, headers: &HeaderMap, policy: &CachePolicy, error_kept: Duration) -> Lifetime {
    let said = said(headers);
    if status.is_client_error() || status.is_server_error() {
        return error(status, &said, policy, error_kept);
    }
    if !matches!(status.as_u16(), 200 | 203 | 300 | 301 | 302 | 304 | 307 | 308) || policy.keeps_nothing() {
        return Lifetime::NONE;
    }
    if said.forbidden {
        // "CloudFront respects the headers" where the minimum is 0.
        return Lifetime { fresh: policy.min, ..Lifetime::NONE };
    }
    let fresh = match said.seconds {
        Some(seconds) => seconds.clamp(policy.min, policy.max),
        None => policy.default,
    };
    // What is stale counts within the longest time as well.
    let left = policy.max.saturating_sub(fresh);
    Lifetime { fresh, while_revalidating: said.while_revalidating.min(left), if_error: said.if_error }
}

/// "HTTP 4xx and 5xx status codes that CloudFront caches".
fn error(status: StatusCode, said: &Said, policy: &CachePolicy, least: Duration) -> Lifetime {
    let allowed = said.seconds.map_or(Duration::ZERO, |seconds| seconds.min(policy.max));
    let fresh = match status.as_u16() {
        // Only these four heed what forbids keeping.
        404 | 410 | 414 | 501 if said.forbidden => Duration::ZERO,
        404 | 410 | 414 | 500..=504 => least.max(allowed),
        400 | 403 | 405 | 412 | 415 if said.seconds.is_some() && !said.forbidden => least.max(allowed),
        _ => Duration::ZERO,
    };
    Lifetime { fresh, ..Lifetime::NONE }
}

fn said(headers: &HeaderMap) -> Said {
    let mut said = Said::default();
    let mut shared = None;
    for value in headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()) {
        for directive in value.split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || argument.trim().trim_matches('"').parse().ok().map(Duration::from_secs);
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" | "private" => said.forbidden = true,
                "max-age" => said.seconds = seconds().or(said.seconds),
                "s-maxage" => shared = seconds(),
                "stale-while-revalidate" => said.while_revalidating = seconds().unwrap_or_default(),
                "stale-if-error" => said.if_error = seconds(),
                _ => {}
            }
        }
    }
    said.seconds = shared.or(said.seconds).or_else(|| until_expiry(headers));
    if let (Some(seconds), Some(age)) = (&mut said.seconds, age(headers)) {
        *seconds = seconds.saturating_sub(age);
    }
    said
}

fn until_expiry(headers: &HeaderMap) -> Option<Duration> {
    let time = |name: &HeaderName| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok();
    let expires = time(&EXPIRES)?;
    Some(expires.duration_since(time(&DATE).unwrap_or_else(SystemTime::now)).unwrap_or_default())
}

/// How old it was when it came.
fn age(headers: &HeaderMap) -> Option<Duration> {
    headers.get(AGE)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::policies::Chosen;

    fn policy(min: u64, default: u64, max: u64) -> CachePolicy {
        CachePolicy {
            min: Duration::from_secs(min),
            default: Duration::from_secs(default),
            max: Duration::from_secs(max),
            brotli: true,
            gzip: true,
            headers: Vec::new(),
            cookies: Chosen::None,
            queries: Chosen::All,
        }
    }

    fn fresh(status: u16, headers: &[(&'static str, &str)], policy: &CachePolicy) -> u64 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        of(StatusCode::from_u16(status).unwrap(), &map, policy, ERRORS_BY_DEFAULT).fresh.as_secs()
    }

    #[test]
    fn the_origin_decides_between_minimum_and_maximum() {
        let policy = policy(60, 600, 3600);
        assert_eq!(fresh(200, &[], &policy), 600);
        assert_eq!(fresh(200, &[("cache-control", "max-age=300")], &policy), 300);
        assert_eq!(fresh(200, &[("cache-control", "max-age=300, s-maxage=900")], &policy), 900);
        assert_eq!(fresh(200, &[("cache-control", "max-age=5")], &policy), 60);
        assert_eq!(fresh(200, &[("cache-control", "max-age=86400")], &policy), 3600);
        assert_eq!(fresh(200, &[("cache-control", "no-store")], &policy), 60);
    }

    #[test]
    fn with_a_minimum_of_zero_what_forbids_keeping_is_heeded() {
        for forbidding in ["no-store", "no-cache", "private, max-age=60"] {
            assert_eq!(
                fresh(200, &[("cache-control", forbidding)], &policy(0, 0, 86_400)),
                0,
                "{forbidding}"
            );
        }
    }

    #[test]
    fn expires_counts_from_date_and_age_is_taken_off() {
        let times = [("date", "Wed, 25 Nov 2026 10:00:00 GMT"), ("expires", "Wed, 25 Nov 2026 10:10:00 GMT")];
        assert_eq!(fresh(200, &times, &policy(0, 0, 86_400)), 600);
        assert_eq!(
            fresh(200, &[("cache-control", "max-age=300"), ("age", "100")], &policy(0, 0, 86_400)),
            200
        );
    }

    #[test]
    fn a_policy_without_caching_still_keeps_errors_for_a_while() {
        let disabled = policy(0, 0, 0);
        assert_eq!(fresh(200, &[("cache-control", "max-age=300")], &disabled), 0);
        for status in [404, 500, 502, 503, 504] {
            assert_eq!(fresh(status, &[], &disabled), 10, "{status}");
        }
        assert_eq!(fresh(401, &[], &disabled), 0);
        assert_eq!(fresh(403, &[], &disabled), 0);
        assert_eq!(fresh(503, &[("cache-control", "no-store")], &disabled), 10);
        assert_eq!(fresh(404, &[("cache-control", "no-store")], &disabled), 0);
    }

    #[test]
    fn an_error_is_kept_longer_where_the_origin_says_so() {
        assert_eq!(fresh(404, &[("cache-control", "max-age=60")], &policy(0, 0, 86_400)), 60);
        assert_eq!(fresh(404, &[("cache-control", "max-age=5")], &policy(0, 0, 86_400)), 10);
    }

    #[test]
    fn stale_responses_have_their_own_times() {
        let mut headers = HeaderMap::new();
        let said = "max-age=60, stale-while-revalidate=30, stale-if-error=90";
        headers.insert("cache-control", said.parse().unwrap());
        let lifetime = of(StatusCode::OK, &headers, &policy(0, 0, 86_400), ERRORS_BY_DEFAULT);
        assert_eq!(lifetime.while_revalidating, Duration::from_secs(30));
        assert_eq!(lifetime.if_error, Some(Duration::from_secs(90)));
    }
}
