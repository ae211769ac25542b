//! What an edge location keeps.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Bytes;

pub mod lifetime;

use lifetime::Lifetime;

/// Beyond these nothing more is kept until something has expired.
const MOST_RESPONSES: usize = 10_000;
const LARGEST_BODY: usize = 30 * 1024 * 1024;

/// Everything by which two requests are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// HEAD is answered by what GET has brought.
    pub method: Method,
    pub path: String,
    /// Only what the cache policy names, in the order in which it came.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub cookies: Vec<String>,
    pub encodings: String,
}

impl fmt::Display for Key {
    /// As invalidations name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.query.is_empty() {
            f.write_str(&self.path)
        } else {
            write!(f, "{}?{}", self.path, self.query)
        }
    }
}

/// A response that is kept.
#[derive(Debug, Clone)]
pub struct Stored {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub lifetime: Lifetime,
    pub since: Instant,
}

/// What may be done with a response that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    Fresh,
    /// It may be shown while a new one is fetched.
    WhileRevalidating,
    /// It may be shown when no new one can be had.
    IfError,
    Expired,
}

impl Stored {
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    pub fn freshness(&self, now: Instant) -> Freshness {
        let Some(expired) = self.age(now).checked_sub(self.lifetime.fresh).filter(|over| !over.is_zero())
        else {
            return Freshness::Fresh;
        };
        if expired <= self.lifetime.while_revalidating {
            Freshness::WhileRevalidating
        } else if self.lifetime.if_error.is_none_or(|longest| expired <= longest) {
            Freshness::IfError
        } else {
            Freshness::Expired
        }
    }
}

/// Keeps responses by their keys.
#[derive(Debug, Default)]
pub struct Cache {
    stored: Mutex<HashMap<Key, Arc<Stored>>>,
}

impl Cache {
    pub fn get(&self, key: &Key) -> Option<Arc<Stored>> {
        self.lock().get(key).cloned()
    }

    /// Keeps it, if it may live at all and there is room.
    pub fn put(&self, key: Key, response: Stored) {
        if response.lifetime.fresh.is_zero() || response.body.len() > LARGEST_BODY {
            return;
        }
        let mut stored = self.lock();
        if stored.len() >= MOST_RESPONSES && !stored.contains_key(&key) {
            let now = response.since;
            stored.retain(|_, kept| kept.freshness(now) == Freshness::Fresh);
            if stored.len() >= MOST_RESPONSES {
                return;
            }
        }
        stored.insert(key, Arc::new(response));
    }

    /// Forgets what any of these paths names; returns how many responses that were. A path names exactly itself, its query
    /// string included, unless it ends in `*` ("Invalidate files to remove content").
    pub fn invalidate(&self, paths: &[String]) -> usize {
        let mut stored = self.lock();
        let before = stored.len();
        stored.retain(|key, _| {
            let name = key.to_string();
            !paths.iter().any(|path| match path.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => name == *path,
            })
        });
        before - stored.len()
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Stored>>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str, query: &str) -> Key {
        let (path, query) = (path.to_owned(), query.to_owned());
        Key {
            method: Method::GET,
            path,
            query,
            headers: Vec::new(),
            cookies: Vec::new(),
            encodings: String::new(),
        }
    }

    fn response(fresh: u64, while_revalidating: u64, if_error: Option<u64>) -> Stored {
        Stored {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            lifetime: Lifetime {
                fresh: Duration::from_secs(fresh),
                while_revalidating: Duration::from_secs(while_revalidating),
                if_error: if_error.map(Duration::from_secs),
            },
            since: Instant::now(),
        }
    }

    #[test]
    fn a_response_becomes_stale_in_steps() {
        let stored = response(60, 30, Some(300));
        let after = |seconds| stored.freshness(stored.since + Duration::from_secs(seconds));
        assert_eq!(after(0), Freshness::Fresh);
        assert_eq!(after(60), Freshness::Fresh);
        assert_eq!(after(61), Freshness::WhileRevalidating);
        assert_eq!(after(91), Freshness::IfError);
        assert_eq!(after(361), Freshness::Expired);
    }

    #[test]
    fn without_a_word_on_errors_an_expired_response_is_better_than_none() {
        let stored = response(60, 0, None);
        assert_eq!(stored.freshness(stored.since + Duration::from_secs(86_400)), Freshness::IfError);
    }

    #[test]
    fn an_invalidation_forgets_exactly_what_it_names() {
        let cache = Cache::default();
        let keep = || {
            for key in [
                key("/", ""),
                key("/", "utm=1"),
                key("/pricing", ""),
                key("/pricing", "a=1"),
                key("/pricing-old", ""),
            ] {
                cache.put(key, response(60, 0, None));
            }
        };
        for (paths, forgotten) in [
            (&["/pricing"][..], 1),
            (&["/pricing", "/pricing?*"], 2),
            (&["/pricing*"], 3),
            (&["/?*"], 1),
            (&["/*"], 5),
            (&["/nothing"], 0),
        ] {
            keep();
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(cache.invalidate(&paths), forgotten, "{paths:?}");
        }
    }

    #[test]
    fn what_may_not_live_is_not_kept() {
        let cache = Cache::default();
        cache.put(key("/", ""), response(0, 30, None));
        assert!(cache.is_empty());
    }
}
