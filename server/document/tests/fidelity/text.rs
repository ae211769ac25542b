//! Plain text in the scripts and the encodings that people write.

use crate::sheet::sheet;

#[test]
fn text_of_every_encoding_is_the_same_page() {
    let text = "Grüße aus Köln – 50 €\r\n\tund ein Tabulator";
    let utf_8 = sheet(text.as_bytes());
    let utf_16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let windows = b"Gr\xfc\xdfe aus K\xf6ln \x96 50 \x80\r\n\tund ein Tabulator";
    assert!(sheet(&utf_16) == utf_8 && sheet(windows) == utf_8);
    assert!(sheet("Gruesse".as_bytes()) != utf_8);
}

#[test]
fn what_is_read_from_the_right_stands_at_the_right() {
    let (left, right) = ((0.4, 0.4, 2.0, 0.4), (6.2, 0.4, 1.9, 0.4));
    for (text, at, not_at) in
        [("Hello", left, right), ("שלום", right, left), ("مرحبا", right, left), ("你好", left, right)]
    {
        let sheet = sheet(text.as_bytes());
        assert!(sheet.ink(at) > 0.005 && sheet.ink(not_at) == 0.0, "{text}");
    }
}

#[test]
fn a_line_without_spaces_goes_on_below_and_none_of_it_is_lost() {
    // Full blocks: the ink is as long as the text.
    let block = |count: usize| sheet("█".repeat(count).as_bytes()).ink_of_part((0.0, 0.0, 1.0, 1.0));
    let (one_line, long) = (block(80), block(1_000));
    assert!((long / one_line / 12.5 - 1.0).abs() < 0.05, "{one_line} {long}");
}
