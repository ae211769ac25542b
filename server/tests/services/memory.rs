//! Memory of a server while a customer uploads as much as he may.

use bytes::Bytes;
use faxdroid_document::{Limits, Resolution, SourceFile, convert};

use crate::customer::Customer;
use crate::installation::{Installation, Server};

const MEGABYTE: usize = 1024 * 1024;

/// A TIFF of one page, and data behind it that no directory names.
fn large_tiff() -> Vec<u8> {
    let letter = SourceFile { name: "letter.txt".to_owned(), bytes: Bytes::from_static(b"Dear Sir") };
    let mut tiff = convert(&[letter], None, &Limits::default()).unwrap().to_tiff(Resolution::Fine).unwrap();
    tiff.extend((0..49 * MEGABYTE).map(|byte| (byte % 251) as u8));
    tiff
}

/// The most that the process has had in memory, in kB.
fn peak(server: &Server) -> usize {
    let process = server.process.as_ref().and_then(tokio::process::Child::id).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_of_fifty_megabytes_does_not_pass_through_memory() {
    let installation = Installation::start().await;
    let customer = Customer::sign_up(&installation, 0, 10).await;
    // What the first upload of a server needs for good.
    for _ in &installation.servers {
        customer.upload_letter().await;
    }
    let before: Vec<_> = installation.servers.iter().map(peak).collect();
    customer.upload("large.tiff", large_tiff()).await;
    let grown: Vec<_> =
        installation.servers.iter().map(peak).zip(before).map(|(after, before)| after - before).collect();
    println!("peaks grew by {grown:?} kB");
    assert!(grown.iter().all(|grown| grown * 1024 < 10 * MEGABYTE), "peaks grew by {grown:?} kB");
}
