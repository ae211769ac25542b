//! The request and response types of FaxDroid's REST API, `/api/v1`.
//!
//! The application server answers with these types and the customer site reads them, so the two cannot
//! drift apart. There is no input or output here and nothing that a browser lacks: the crate builds to
//! WebAssembly. Conventions: identifiers are a prefix and a ULID, amounts are integers in minor units with
//! a currency, times are RFC 3339 in UTC, errors are RFC 9457 problem details (see [`problem`]).

pub mod accounts;
pub mod calling_hours;
pub mod credits;
pub mod documents;
pub mod faxes;
pub mod ids;
pub mod listing;
pub mod money;
pub mod prices;
pub mod problem;
pub mod quotes;
pub mod received_faxes;
pub mod test_numbers;
