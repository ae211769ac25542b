//! Paths and the patterns of cache behaviors.

use regex::Regex;

/// `*` is any number of characters, `?` is one; capitals count. A slash at the beginning may be left out.
#[derive(Debug, Clone)]
pub struct PathPattern(Regex);

impl PathPattern {
    pub fn new(pattern: &str) -> Self {
        let mut expression = String::from("^/");
        for letter in pattern.trim_start_matches('/').chars() {
            match letter {
                '*' => expression.push_str(".*"),
                '?' => expression.push('.'),
                letter => expression.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
            }
        }
        expression.push('$');
        Self(Regex::new(&expression).expect("escaped text and wildcards are an expression"))
    }

    pub fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// What patterns are compared with. CloudFront "normalizes URI paths consistent with RFC 3986" before it chooses a behavior
/// and then sends the path as it came: letters that need no encoding are decoded, `.` and `..` are followed, and slashes
/// side by side are one ("Path pattern").
pub fn normal_form(raw: &str) -> String {
    let decoded = decoded(raw);
    let mut kept: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut path = format!("/{}", kept.join("/"));
    let ends_in_folder = ["/", "/.", "/.."].iter().any(|end| decoded.ends_with(end));
    if ends_in_folder && !kept.is_empty() {
        path.push('/');
    }
    path
}

/// Unreserved characters as themselves (RFC 3986, 2.3 and 6.2.2.2).
fn decoded(raw: &str) -> String {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let letter = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        let unreserved = |letter: &char| letter.is_ascii_alphanumeric() || "-._~".contains(*letter);
        match letter.filter(unreserved) {
            Some(letter) => {
                decoded.push(letter);
                rest = &after[2..];
            }
            None => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_any_characters_and_one_character() {
        let matches = |pattern: &str, path: &str| PathPattern::new(pattern).matches(path);
        assert!(matches("/api/*", "/api/v1/me"));
        assert!(matches("api/*", "/api/"));
        assert!(!matches("/api/*", "/api"));
        assert!(!matches("/api/*", "/API/v1"));
        assert!(matches("/*.jpg", "/a/b.jpg") && !matches("/*.jpg", "/a/bxjpg"));
        assert!(matches("/a?c", "/abc") && !matches("/a?c", "/abbc"));
    }

    #[test]
    fn one_path_has_one_normal_form_however_it_is_written() {
        for raw in [
            "/api/v1",
            "//api//v1",
            "/x/../api/v1",
            "/%61pi/v1",
            "/./api/./v1",
            "/x/%2e%2E/api/v1",
            "/../api/v1",
        ] {
            assert_eq!(normal_form(raw), "/api/v1", "{raw}");
        }
        assert_eq!(normal_form("/api/"), "/api/");
        assert_eq!(normal_form("/api/."), "/api/");
        assert_eq!(normal_form("/"), "/");
    }

    #[test]
    fn what_is_reserved_stays_encoded() {
        for raw in ["/api%2fv1", "/a%00b", "/100%", "/%zz", "/%e2%82%ac", "/a%2"] {
            assert_eq!(normal_form(raw), raw);
        }
    }
}
