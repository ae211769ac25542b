//! What a viewer asks for: how it is told from what others ask for, and what of it an origin is told.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, COOKIE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
    USER_AGENT, VIA,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{OUR_VIA, X_FORWARDED_FOR};
use crate::cache::{Key, Stored};
use crate::compression;
use crate::distribution::Behavior;
use crate::distribution::policies::Chosen;
use crate::function::OriginRequest;
use crate::origin::OF_A_CONNECTION;

const OUR_USER_AGENT: HeaderValue = HeaderValue::from_static("Amazon CloudFront");

/// A request without its body, which only a request that is not kept has.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) viewer: IpAddr,
    pub(super) behavior: Arc<Behavior>,
    pub(super) method: Method,
    /// As the viewer wrote it, unless a function wrote it anew.
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
}

impl Asked {
    pub(super) fn key(&self) -> Key {
        let policy = &self.behavior.cache;
        let chosen = policy.headers.iter().map(|name| {
            let values = self.headers.get_all(name).iter();
            let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            (name.to_string(), values.join(","))
        });
        Key {
            method: if self.method == Method::OPTIONS { Method::OPTIONS } else { Method::GET },
            path: self.path.clone(),
            query: selected(&self.query, '&', &policy.queries),
            headers: chosen.collect(),
            cookies: cookies(&self.headers, &policy.cookies),
            encodings: compression::normalized(&self.headers, policy),
        }
    }

    /// What goes to an origin: what the policies name, and what CloudFront says itself ("Request and response behavior for
    /// custom origins"). `kept` is asked whether it is still the same.
    pub(super) fn for_origin(&self, kept: Option<&Stored>) -> OriginRequest {
        OriginRequest {
            client: self.viewer,
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.forwarded_query(),
            headers: self.forwarded_headers(kept),
        }
    }

    fn forwarded_query(&self) -> String {
        let (cache, forwarded) = (&self.behavior.cache.queries, &self.behavior.forwarded.queries);
        if *cache == Chosen::All || *forwarded == Chosen::All {
            return self.query.clone();
        }
        let chosen = |pair: &&str| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            cache.includes(name) || forwarded.includes(name)
        };
        self.query.split('&').filter(chosen).collect::<Vec<_>>().join("&")
    }

    fn forwarded_headers(&self, kept: Option<&Stored>) -> HeaderMap {
        let Behavior { cache, forwarded, .. } = &*self.behavior;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let chosen = cache.headers.contains(name) || forwarded.headers.includes(name);
            let written_below = [COOKIE, ACCEPT_ENCODING, X_FORWARDED_FOR, IF_NONE_MATCH, IF_MODIFIED_SINCE];
            let of_a_connection = OF_A_CONNECTION.contains(&name.as_str());
            if !written_below.contains(name) && (chosen || *name == CONTENT_LENGTH) && !of_a_connection {
                headers.append(name, value.clone());
            }
        }
        let mut both = cookies(&self.headers, &cache.cookies);
        both.extend(cookies(&self.headers, &forwarded.cookies));
        for cookie in both {
            add(&mut headers, COOKIE, &cookie);
        }
        if cache.brotli || cache.gzip {
            add(&mut headers, ACCEPT_ENCODING, &compression::normalized(&self.headers, cache));
        } else if forwarded.headers.includes(&ACCEPT_ENCODING) {
            copy(&self.headers, &mut headers, ACCEPT_ENCODING);
        }
        // "CloudFront appends the IP address of the viewer to the end of the header".
        let earlier = self.headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let entries: Vec<String> = earlier.map(str::to_owned).chain([self.viewer.to_string()]).collect();
        add(&mut headers, X_FORWARDED_FOR, &entries.join(", "));
        if cache.keeps_nothing() {
            copy(&self.headers, &mut headers, IF_NONE_MATCH);
            copy(&self.headers, &mut headers, IF_MODIFIED_SINCE);
        } else {
            // A part of a file could not be kept as the file.
            headers.remove(RANGE);
        }
        for (known, question) in [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)] {
            if let Some(value) = kept.and_then(|stored| stored.headers.get(known)) {
                headers.insert(question, value.clone());
            }
        }
        headers.entry(USER_AGENT).or_insert(OUR_USER_AGENT);
        headers.append(VIA, OUR_VIA);
        headers
    }
}

/// The pairs of `text` whose names are chosen, in their order.
fn selected(text: &str, separator: char, chosen: &Chosen) -> String {
    let kept = text.split(separator).map(str::trim).filter(|pair| {
        !pair.is_empty() && chosen.includes(pair.split_once('=').map_or(*pair, |(name, _)| name))
    });
    kept.collect::<Vec<_>>().join(if separator == ';' { "; " } else { "&" })
}

fn cookies(headers: &HeaderMap, chosen: &Chosen) -> Vec<String> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.map(|value| selected(value, ';', chosen)).filter(|kept| !kept.is_empty()).collect()
}

/// What is empty or no header is left out.
fn add(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::try_from(text)
        && !text.is_empty()
    {
        headers.append(name, value);
    }
}

fn copy(from: &HeaderMap, to: &mut HeaderMap, name: HeaderName) {
    for value in from.get_all(&name) {
        to.append(&name, value.clone());
    }
}
