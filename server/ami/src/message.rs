//! Messages on the wire: lines of `Name: value`, ended by an empty line.

use std::io;

use bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::action::Action;

/// Asterisk itself takes no line over 1 kB from a client and sends none over some 8 kB.
const LONGEST_MESSAGE: usize = 256 * 1024;
const MOST_FIELDS: usize = 2_000;

/// An event, a response, or an item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    fields: Vec<(String, String)>,
}

impl Message {
    /// The first field of this name, in any case, as Asterisk compares them.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The field of this name unless it is absent or empty: Asterisk sends unset variables as empty fields.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The name of the event, when it is one.
    pub fn event(&self) -> Option<&str> {
        self.get("Event")
    }

    /// `Success`, `Error`, `Goodbye`…, when it answers an action.
    pub fn response(&self) -> Option<&str> {
        self.get("Response")
    }

    /// Whose answer it is.
    pub fn action_id(&self) -> Option<&str> {
        self.get("ActionID")
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let fields = text
            .split('\n')
            .filter_map(|line| line.trim_end_matches('\r').split_once(':'))
            .filter(|(name, _)| !name.trim().is_empty())
            .take(MOST_FIELDS)
            .map(|(name, value)| {
                (name.trim().to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned())
            })
            .collect();
        Self { fields }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Message {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

/// Cuts the stream into messages. One that is longer than Asterisk could mean is skipped to its end.
#[derive(Debug, Default)]
pub struct Codec {
    /// Bytes of the buffer that are known to hold no end of a message.
    searched: usize,
    skipping: bool,
}

/// Where the first empty line begins and the next message starts.
fn end_of_message(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    // An end may straddle what was searched before.
    let start = from.saturating_sub(3);
    bytes[start..].iter().enumerate().filter(|(_, byte)| **byte == b'\n').find_map(|(at, _)| {
        let line_feed = start + at;
        match &bytes[line_feed + 1..] {
            [b'\r', b'\n', ..] => Some((line_feed, line_feed + 3)),
            [b'\n', ..] => Some((line_feed, line_feed + 2)),
            _ => None,
        }
    })
}

impl Decoder for Codec {
    type Item = Message;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, io::Error> {
        loop {
            // Empty lines between messages carry nothing.
            while !self.skipping && (buffer.starts_with(b"\r\n") || buffer.starts_with(b"\n")) {
                buffer.advance(if buffer[0] == b'\r' { 2 } else { 1 });
                self.searched = 0;
            }
            let Some((end, next)) = end_of_message(buffer, self.searched) else {
                if buffer.len() > LONGEST_MESSAGE {
                    self.skipping = true;
                    // The last bytes may be the beginning of an end.
                    buffer.advance(buffer.len() - 3);
                }
                self.searched = buffer.len();
                return Ok(None);
            };
            let bytes = buffer.split_to(next);
            self.searched = 0;
            if std::mem::take(&mut self.skipping) || end > LONGEST_MESSAGE {
                tracing::warn!("ami_message_too_long");
                continue;
            }
            let message = Message::parse(&bytes[..end]);
            if message.fields.is_empty() {
                tracing::warn!(bytes = end, "ami_message_without_fields");
                continue;
            }
            return Ok(Some(message));
        }
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Message>, io::Error> {
        let message = self.decode(buffer)?;
        if message.is_none() {
            // Half a message is none: its missing half may have said the opposite.
            buffer.clear();
        }
        Ok(message)
    }
}

impl Encoder<&Action> for Codec {
    type Error = io::Error;

    fn encode(&mut self, action: &Action, buffer: &mut BytesMut) -> Result<(), io::Error> {
        for (name, value) in action.fields() {
            buffer.extend_from_slice(name.as_bytes());
            buffer.extend_from_slice(b": ");
            buffer.extend_from_slice(value.as_bytes());
            buffer.extend_from_slice(b"\r\n");
        }
        buffer.extend_from_slice(b"\r\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a stream that arrives in pieces of this size.
    fn decode(stream: &[u8], piece: usize) -> Vec<Message> {
        let mut codec = Codec::default();
        let mut buffer = BytesMut::new();
        let mut messages = Vec::new();
        for piece in stream.chunks(piece) {
            buffer.extend_from_slice(piece);
            while let Some(message) = codec.decode(&mut buffer).unwrap() {
                messages.push(message);
            }
        }
        while let Some(message) = codec.decode_eof(&mut buffer).unwrap() {
            messages.push(message);
        }
        messages
    }

    #[test]
    fn messages_are_the_same_however_they_are_cut_into_packets() {
        let stream =
            b"Event: Hangup\r\nUniqueid: job-1\r\nCause: 17\r\n\r\nResponse: Success\nActionID: 3\n\n";
        let expected: Vec<Message> = vec![
            [("Event", "Hangup"), ("Uniqueid", "job-1"), ("Cause", "17")].into_iter().collect(),
            [("Response", "Success"), ("ActionID", "3")].into_iter().collect(),
        ];
        for piece in 1..=stream.len() {
            assert_eq!(decode(stream, piece), expected, "in pieces of {piece} bytes");
        }
    }

    #[test]
    fn names_are_found_in_any_case_and_values_keep_their_colons() {
        let messages = decode(b"event: UserEvent\r\nFaxError: a: b\r\nFaxPages:\r\n\r\n", 7);
        assert_eq!(messages[0].event(), Some("UserEvent"));
        assert_eq!(messages[0].get("faxerror"), Some("a: b"));
        assert_eq!(messages[0].get("FaxPages"), Some(""));
        assert_eq!(messages[0].filled("FaxPages"), None);
    }

    #[test]
    fn lines_that_are_no_field_cost_only_themselves() {
        let messages = decode(b"Event: Hangup\r\nnonsense\r\n: nameless\r\nCause: 17\r\n\r\n", 5);
        assert_eq!(messages, [[("Event", "Hangup"), ("Cause", "17")].into_iter().collect()]);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let messages = decode(b"Event: UserEvent\r\nRemoteStationID: \xff\xfe42\r\n\r\n", 4);
        assert_eq!(messages[0].get("RemoteStationID"), Some("\u{fffd}\u{fffd}42"));
    }

    #[test]
    fn a_message_without_fields_is_none() {
        assert_eq!(decode(b"nonsense\r\n\r\nEvent: A\r\n\r\n", 3).len(), 1);
    }

    #[test]
    fn a_message_cut_off_by_the_end_of_the_stream_is_none() {
        assert_eq!(decode(b"Event: A\r\n\r\nEvent: Hangup\r\nCause: 1", 9).len(), 1);
    }

    #[test]
    fn a_message_beyond_all_measure_is_skipped_and_the_next_one_read() {
        let mut stream = b"Event: Flood\r\nData: ".to_vec();
        stream.resize(stream.len() + 3 * LONGEST_MESSAGE, b'x');
        stream.extend_from_slice(b"\r\n\r\nEvent: Hangup\r\n\r\n");
        for piece in [1_000, 65_536, stream.len()] {
            let messages = decode(&stream, piece);
            assert_eq!(
                messages.last().and_then(Message::event),
                Some("Hangup"),
                "in pieces of {piece} bytes"
            );
        }
    }
}
