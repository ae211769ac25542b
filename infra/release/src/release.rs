//! A release of the site: files first, then the renderer, then what has the same name in every release, then the caches. So
//! at any moment every page finds the files it names, and a release that was interrupted is simply run again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) mod content;
pub(crate) mod distribution;
pub(crate) mod lock;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod storage;

/// What a release was made of, kept beside its package for as long as it can be rolled back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) id: String,
    /// RFC 3339, UTC.
    pub(crate) created_at: String,
    /// SHA-256 of the renderer's package, in Base64 as Lambda has it.
    pub(crate) package: String,
    /// Files whose names change with their content: key in the static bucket → SHA-256 in hexadecimal.
    pub(crate) assets: BTreeMap<String, String>,
    /// Files that are replaced by each release.
    pub(crate) entries: BTreeMap<String, Entry>,
    /// Path of a page → SHA-256 of its HTML.
    pub(crate) pages: BTreeMap<String, String>,
}

/// A file that keeps its name, and how it is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) sha256: String,
    pub(crate) content_type: String,
    pub(crate) cache_control: String,
}

/// Which release is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Current {
    pub(crate) id: String,
    /// The one before.
    pub(crate) previous: Option<String>,
    /// RFC 3339, UTC. Together with the name this is one change of what is served.
    pub(crate) since: String,
    /// Whether the caches know.
    pub(crate) invalidated: bool,
    /// Releases that began to be served after this one and were interrupted: their pages may be in the caches too.
    #[serde(default)]
    pub(crate) begun: Vec<String>,
}
