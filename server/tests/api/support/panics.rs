//! Panics anywhere in this process but in the tests themselves. A panic in a handler or a worker is caught there, so a
//! test that does not look would pass.

use std::sync::{Mutex, Once, PoisonError};

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
static WATCHING: Once = Once::new();

/// Begins to look; more than once is as good as once.
pub(super) fn watch() {
    WATCHING.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.location().is_some_and(|location| !location.file().contains("tests/api")) {
                SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
            before(panic);
        }));
    });
}

/// Every panic so far, of this test or another one of this process.
pub(super) fn seen() -> Vec<String> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
