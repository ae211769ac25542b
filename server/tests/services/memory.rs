//! Memory of a server while a customer uploads as much as he may.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;

use crate::customer::Customer;
use crate::installation::{Installation, Server};

const PAGES: usize = 100;
const ROWS: usize = 2_156;
const STRIP: usize = 1_728 / 8 * ROWS;
const DIRECTORY: usize = 2 + 9 * 12 + 4;

/// A TIFF of pages of noise, not compressed: what becomes of it is larger than it, for no coding of fax machines makes noise
/// smaller.
fn noise() -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(1);
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    for page in 0..PAGES {
        let start = tiff.len();
        let fields = [
            (256, 1_728),
            (257, ROWS),
            (258, 1),
            (259, 1),
            (262, 0),
            (273, start + DIRECTORY),
            (277, 1),
            (278, ROWS),
            (279, STRIP),
        ];
        tiff.extend(9_u16.to_le_bytes());
        for (tag, value) in fields {
            tiff.extend([u16::to_le_bytes(tag), 4_u16.to_le_bytes()].concat());
            tiff.extend([1_u32.to_le_bytes(), u32::try_from(value).unwrap().to_le_bytes()].concat());
        }
        let next = if page + 1 < PAGES { start + DIRECTORY + STRIP } else { 0 };
        tiff.extend(u32::try_from(next).unwrap().to_le_bytes());
        let mut strip = vec![0; STRIP];
        random.fill_bytes(&mut strip);
        tiff.extend(strip);
    }
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
async fn neither_an_upload_of_fifty_megabytes_nor_its_pages_pass_through_memory() {
    let installation = Installation::start().await;
    let customer = Customer::sign_up(&installation, 0, 10).await;
    // What the first upload of a server needs for good.
    for _ in &installation.servers {
        customer.upload_letter().await;
    }
    let before: Vec<_> = installation.servers.iter().map(peak).collect();
    let document = customer.upload("noise.tiff", noise()).await;
    let preview = format!("/documents/{document}/pages/{PAGES}.png");
    customer.request(Method::GET, &preview).send().await.unwrap().error_for_status().unwrap();
    let grown: Vec<_> =
        installation.servers.iter().map(peak).zip(before).map(|(after, before)| after - before).collect();
    println!("peaks grew by {grown:?} kB");
    // Kept whole, the document alone would be more; threads and their allocator's arenas take what they take, some 20 to 40 MB.
    assert!(grown.iter().all(|grown| grown * 1024 < PAGES * STRIP), "peaks grew by {grown:?} kB");
}
