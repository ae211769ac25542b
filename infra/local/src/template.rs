//! Resolved resources, read strictly: a property that is not known here is an error, because what stands in for AWS would
//! otherwise pass over it without a word.

use faxdroid_evaluator::{Resource, Stack};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Error;

/// The stacks of one environment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stacks<'a>(pub(crate) &'a [Stack]);

impl<'a> Stacks<'a> {
    /// The one resource of this kind, with its name as `stack.Resource`.
    pub(crate) fn the(&self, kind: &str) -> Result<(String, &'a Resource), Error> {
        let mut found = self.all(kind);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Error::refused(kind, "there is none")),
            _ => Err(Error::refused(kind, "there are several")),
        }
    }

    pub(crate) fn all(&self, kind: &str) -> impl Iterator<Item = (String, &'a Resource)> {
        self.0.iter().flat_map(move |stack| {
            let named = move |(name, resource): (&String, &'a Resource)| {
                (resource.kind == kind).then(|| (format!("{}.{name}", stack.name), resource))
            };
            stack.resources.iter().filter_map(named)
        })
    }

    /// What `reference` (`<stack.Resource>` or `<stack.Resource.Attribute>`) stands for, if it is of this kind.
    pub(crate) fn referred(
        &self,
        at: &str,
        reference: &str,
        kind: &str,
    ) -> Result<(String, &'a Resource), Error> {
        let inner = reference.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let mut parts = inner.unwrap_or_default().splitn(3, '.');
        let found = match (parts.next(), parts.next()) {
            (Some(stack), Some(name)) => self
                .0
                .iter()
                .find(|of| of.name == stack)
                .and_then(|of| of.resources.get(name))
                .map(|resource| (format!("{stack}.{name}"), resource)),
            _ => None,
        };
        match found {
            Some(found) if found.1.kind == kind => Ok(found),
            Some((_, other)) => {
                Err(Error::refused(at, format!("{reference} is of {}, not of {kind}", other.kind)))
            }
            None => Err(Error::refused(at, format!("{reference} is no resource of these templates"))),
        }
    }
}

/// `value` as `T`, which knows every property that may be there.
pub(crate) fn read<T: DeserializeOwned>(at: &str, value: &Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        Error::refused(&format!("{at}: {path}"), error.into_inner().to_string())
    })
}

/// A number that came through a parameter is a text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(number) => Ok(number),
        Written::Text(text) => text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no number"))),
    }
}

/// A yes or no that came through a parameter is a text.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Bool(bool),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Bool(value) => Ok(value),
        Written::Text(text) => {
            text.parse().map_err(|_| D::Error::custom(format!("{text:?} is neither true nor false")))
        }
    }
}
