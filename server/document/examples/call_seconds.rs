//! The estimate of the time on the line beside calls that were measured: a table of `script/bench documents`.
//!
//!     cargo run --release -p faxdroid-document --example call_seconds

use std::error::Error;

use faxdroid_document::transmission_seconds;

/// Calls between two Asterisk servers with error correction: what was sent, bytes of its T.6, pages, bits per second, how
/// the call was carried, seconds from dialing to hanging up.
const MEASURED: &str = include_str!("../benches/measured_calls.csv");

fn main() -> Result<(), Box<dyn Error>> {
    println!("| call | bit/s | over | measured, s | estimated, s | error |\n|---|---|---|---|---|---|");
    for call in MEASURED.lines() {
        let [what, bytes, pages, rate, carrier, measured] = call.split(',').collect::<Vec<_>>()[..] else {
            return Err(format!("six fields: {call}").into());
        };
        let measured: f64 = measured.parse()?;
        let estimated = transmission_seconds(bytes.parse()?, pages.parse()?, rate.parse()?);
        let error = (estimated / measured - 1.0) * 100.0;
        println!("| {what} | {rate} | {carrier} | {measured:.1} | {estimated:.1} | {error:+.1} % |");
    }
    Ok(())
}
