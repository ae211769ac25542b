//! CloudFront and AWS WAF on one machine, as the deployed templates say: the same YAML decides here which path goes where,
//! what is kept how long, and which requests are stopped.
//!
//! It is a stand-in: one edge location, origins without TLS, no logs and no metrics. What a template asks for and it does not
//! know is an error, never passed over.

pub mod cache;
pub mod clock;
pub mod compression;
pub mod distribution;
pub mod edge_location;
pub mod function;
pub mod invalidations;
pub mod lambda;
pub mod listener;
pub mod load_balancer;
mod origin;
mod tasks;
mod template;
pub mod viewer_function;
pub mod web_acl;

pub use edge_location::{EdgeLocation, Protocol, Surroundings, Viewer};
pub use origin::Places;

/// Why the templates cannot be played. The message says where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{at}: {why}")]
    Refused { at: String, why: String },
}

impl Error {
    pub(crate) fn refused(at: &str, why: impl Into<String>) -> Self {
        Self::Refused { at: at.to_owned(), why: why.into() }
    }
}
