//! Text transformations, in the order of their priorities, before a value is compared.

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kind {
    None,
    Lowercase,
    UrlDecode,
    NormalizePath,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Transformation {
    pub(super) priority: u32,
    #[serde(rename = "Type")]
    pub(super) kind: Kind,
}

pub(super) fn apply<'v>(kinds: &[Kind], value: &'v [u8]) -> Cow<'v, [u8]> {
    kinds.iter().fold(Cow::Borrowed(value), |value, kind| match kind {
        Kind::None => value,
        Kind::Lowercase => Cow::Owned(value.to_ascii_lowercase()),
        Kind::UrlDecode => Cow::Owned(percent_decode(&value).collect()),
        Kind::NormalizePath => Cow::Owned(normalized(&value)),
    })
}

/// "Removes multiple slashes, directory self-references, and directory back-references that are not at the beginning of the
/// input".
fn normalized(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut normalized = if path.starts_with(b"/") { b"/".to_vec() } else { Vec::new() };
    normalized.extend(kept.join(&b'/'));
    if path.ends_with(b"/") && !kept.is_empty() {
        normalized.push(b'/');
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_applied_one_after_the_other() {
        let kinds = [Kind::UrlDecode, Kind::NormalizePath, Kind::Lowercase];
        assert_eq!(&*apply(&kinds, b"/x/%2e%2E//API/./v1/"), b"/api/v1/");
        assert_eq!(&*apply(&[Kind::None], b"/A//b"), b"/A//b");
    }

    #[test]
    fn back_references_at_the_beginning_stay() {
        assert_eq!(normalized(b"/../../api"), b"/../../api");
        assert_eq!(normalized(b"/a/../.."), b"/..");
        assert_eq!(normalized(b"/"), b"/");
    }
}
