//! The little of JSON that the API's answers need. serde_json with the contract's derived readers would make
//! the module that every reader downloads a third larger (measured: 109 kB of brotli instead of 73 kB).
//!
//! Numbers are integers, because the contract has no others.

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Deeper than any answer of the API.
const DEEPEST: usize = 16;

impl Json {
    /// `None` when `text` is not JSON, or uses what the contract does not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEEPEST)?;
        reader.skip_space();
        (reader.at == text.len()).then_some(value)
    }

    /// A field of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(of, _)| of == name).map(|(_, value)| value)
    }
}

/// `text` as a JSON string, with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Goes past `expected` if that comes next.
    fn take(&mut self, expected: &str) -> bool {
        self.skip_space();
        let found = self.text.as_bytes()[self.at..].starts_with(expected.as_bytes());
        if found {
            self.at += expected.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => Some(Json::Text(self.string()?)),
            b't' => self.take("true").then_some(Json::Flag(true)),
            b'f' => self.take("false").then_some(Json::Flag(false)),
            b'n' => self.take("null").then_some(Json::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut fields = Vec::new();
        self.at += 1;
        if self.take("}") {
            return Some(Json::Object(fields));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            if !self.take(":") {
                return None;
            }
            fields.push((name, self.value(depth)?));
            if self.take("}") {
                return Some(Json::Object(fields));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut values = Vec::new();
        self.at += 1;
        if self.take("]") {
            return Some(Json::List(values));
        }
        loop {
            values.push(self.value(depth)?);
            if self.take("]") {
                return Some(Json::List(values));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            self.at += 1;
        }
        self.text[start..self.at].parse().ok().map(Json::Number)
    }

    fn string(&mut self) -> Option<String> {
        if self.peek() != Some(b'"') {
            return None;
        }
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek()?, b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(string);
                }
                b'\\' => string.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        self.at += 1;
        let kind = self.peek()?;
        self.at += 1;
        Some(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return None,
        })
    }

    /// What stands outside of the first plane is written as two halves.
    fn code_point(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return None;
        }
        self.at += 2;
        let second = self.four_digits()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind_are_read() {
        let json = Json::parse(r#" {"a": [1, -20, true, false, null, "x"], "b": {}, "c": []} "#).unwrap();
        assert_eq!(json.get("b"), Some(&Json::Object(Vec::new())));
        let list = [
            Json::Number(1),
            Json::Number(-20),
            Json::Flag(true),
            Json::Flag(false),
            Json::Null,
            Json::Text("x".to_owned()),
        ];
        assert_eq!(json.get("a"), Some(&Json::List(list.to_vec())));
        assert_eq!(json.get("d"), None);
    }

    #[test]
    fn whatever_a_string_contains_comes_back() {
        for text in ["", "plain", "\"quoted\\", "line\nfeed\u{1}", "Müller & <b>", "\u{1f4e0} fax"] {
            assert_eq!(Json::parse(&quoted(text)), Some(Json::Text(text.to_owned())), "{text}");
            let by_serde = serde_json::to_string(text).unwrap();
            assert_eq!(Json::parse(&by_serde), Some(Json::Text(text.to_owned())), "{text}");
        }
        assert_eq!(Json::parse(r#""\ud83d\udce0""#), Some(Json::Text("\u{1f4e0}".to_owned())));
    }

    #[test]
    fn what_is_not_json_is_refused_without_a_panic() {
        for text in [
            "",
            "{",
            "[1,",
            "{\"a\"}",
            "\"open",
            "tru",
            "1.5",
            "1e3",
            "-",
            "[1] x",
            "\"\\ud83d\"",
            "\"\\u12",
            "{a:1}",
            "<html>",
            "\"\\x\"",
            "99999999999999999999",
        ] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
        assert_eq!(Json::parse(&"[".repeat(1_000)), None);
    }
}
