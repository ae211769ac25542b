//! The browser-side client of the API: one function per operation that an island needs.
