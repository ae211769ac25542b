//! Resolves the CloudFormation templates of one environment: parameters, mappings, conditions and intrinsic functions,
//! imports and exports over all stacks in their order. What only AWS knows (an ARN, an address) stays a name of the form
//! `<stack.Resource.Attribute>`, so that who refers to what can still be followed.
//!
//! Functions follow the CloudFormation user guide, "Intrinsic function reference". One that is not known is an error, never
//! passed through.

pub mod allow_list;
pub mod environment;
pub mod evaluate;
pub mod template;
pub mod web_acl;

pub use environment::{Environment, Layer};
pub use evaluate::{Resource, Stack};
pub use template::Template;

use serde_json::Value;

/// Why templates could not be resolved. The message says where.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path}: {source}")]
    Yaml { path: String, source: serde_norway::Error },
    #[error("{at}: {why}")]
    Invalid { at: String, why: String },
}

impl Error {
    pub(crate) fn invalid(at: &str, why: impl Into<String>) -> Self {
        Self::Invalid { at: at.to_owned(), why: why.into() }
    }
}

/// Every text within `value`, wherever it is.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(entries) => entries.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
