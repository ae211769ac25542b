//! Makes fax pages of a file, as `faxdroid-server render` does, and says how it went: what `script/bench documents` measures.
//!
//!     cargo run --release -p faxdroid-document --example fax_pages -- IN OUT.tiff

use std::error::Error;
use std::time::Instant;

use faxdroid_document::sandbox::{Allowance, confine};
use faxdroid_document::{FaxDocument, Limits, Resolution, SourceFile, convert_each};

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut paths = std::env::args().skip(1);
    let (Some(input), Some(output)) = (paths.next(), paths.next()) else {
        return Err("usage: fax_pages IN OUT.tiff".into());
    };
    let bytes = std::fs::read(&input)?.into();
    if std::env::var_os("CONFINED").is_some() {
        // As a server does it; the pages then go nowhere.
        confine(Allowance { memory: 1536 * 1024 * 1024, cpu_seconds: 600 })?;
    }
    // Measured with whatever is given, however large.
    let limits = Limits { max_bytes: u64::MAX, ..Limits::default() };
    let mut pages = Vec::new();
    let mut first = None;
    convert_each(&[SourceFile { name: input, bytes }], None, &limits, &mut |made| {
        first.get_or_insert_with(|| started.elapsed());
        pages.push(made.page);
        true
    })?;
    let document = FaxDocument::from_pages(pages);
    if std::env::var_os("CONFINED").is_none() {
        std::fs::write(output, document.to_tiff(Resolution::Fine)?)?;
    }
    println!(
        "{} pages, {} bytes of T.6, the first page after {:.0} ms, all after {:.0} ms",
        document.page_count(),
        document.encoded_len(),
        first.unwrap_or_default().as_secs_f64() * 1000.0,
        started.elapsed().as_secs_f64() * 1000.0,
    );
    Ok(())
}
