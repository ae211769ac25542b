//! Times as people read them.

use js_sys::Date;
use wasm_bindgen::JsValue;

/// How long until something, in words: `2 min 5 s`; `now` when it is due.
pub(crate) fn countdown(seconds: i64) -> String {
    match seconds {
        i64::MIN..=0 => "now".to_owned(),
        1..60 => format!("in {seconds} s"),
        60..3600 => format!("in {} min {} s", seconds / 60, seconds % 60),
        _ => format!("in {} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long something takes, roughly: `40 s`, `3 min`.
pub(crate) fn rough_duration(seconds: u64) -> String {
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5400 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Seconds from now until `rfc3339`; 0 when it is no time. Only in the browser.
pub(crate) fn seconds_until(rfc3339: &str) -> i64 {
    let difference = (Date::parse(rfc3339) - Date::now()) / 1000.0;
    // A float becomes the nearest integer, and what is no number becomes 0.
    difference.ceil() as i64
}

/// Date and time in the reader's zone and manner. Only in the browser.
pub(crate) fn local(rfc3339: &str) -> String {
    let date = Date::new(&JsValue::from_str(rfc3339));
    date.to_locale_string("default", &JsValue::UNDEFINED).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_names_the_two_largest_units() {
        let words: Vec<_> = [-3, 0, 1, 59, 60, 125, 3600, 7384].into_iter().map(countdown).collect();
        assert_eq!(
            words,
            [
                "now",
                "now",
                "in 1 s",
                "in 59 s",
                "in 1 min 0 s",
                "in 2 min 5 s",
                "in 1 h 0 min",
                "in 2 h 3 min"
            ]
        );
    }

    #[test]
    fn a_duration_is_rough() {
        let words: Vec<_> = [0, 44, 90, 600, 5400].into_iter().map(rough_duration).collect();
        assert_eq!(words, ["0 s", "44 s", "2 min", "10 min", "1 h 30 min"]);
    }
}
