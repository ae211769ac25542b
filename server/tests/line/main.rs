//! The line through Asterisk, against a real one that calls real fax machines: what each end of a call becomes, what
//! arrives, and what is known after something was killed.
//!
//! A fax takes its time (ITU-T T.30 has no faster way to say hello), so the calls of a test are made at once.

mod calls;
mod crashes;
mod exchange;
mod incoming;
mod letter;
mod manager;
mod office;
