//! Cursors: where the next page of a list starts. They are opaque to customers, so that they may change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The last row of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is sorted by.
    pub position: i64,
    /// Tells rows of the same position apart.
    pub id: String,
}

/// The text was not made by [`Cursor::encode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct InvalidCursor;

impl Cursor {
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.position, self.id))
    }

    pub fn parse(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let decoded = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let (position, id) = decoded.split_once('.').ok_or(InvalidCursor)?;
        let position = position.parse().map_err(|_| InvalidCursor)?;
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(InvalidCursor);
        }
        Ok(Self { position, id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_to_the_customer_and_back() {
        let cursor = Cursor { position: 1_795_000_000_000, id: "fax_01KAT5W8Z3M4Q6R7S8T9V0W1X2".to_owned() };
        assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in
            ["", "abc", "!!!!", "MTIz", &URL_SAFE_NO_PAD.encode("1."), &URL_SAFE_NO_PAD.encode("1.a b")]
        {
            assert_eq!(Cursor::parse(text), Err(InvalidCursor), "{text}");
        }
    }
}
