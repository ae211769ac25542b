//! What a confined process can still do, and what it cannot. It is this program itself, started again: confining is for
//! good and has to come before any thread, so it fits no test harness.

use std::fs::File;
use std::io::ErrorKind::PermissionDenied;
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::thread;

use faxdroid_document::sandbox::{Allowance, confine, confine_office};

const MIB: u64 = 1024 * 1024;
const ALLOWANCE: Allowance = Allowance { memory: 512 * MIB, cpu_seconds: 1 };

/// Every test ends with how the confined process must end.
const TESTS: [(&str, Attempt, Expected); 9] = [
    ("threads_compute_and_talk_to_each_other", threads, Expected::Success),
    ("no_file_is_read", || File::open("/etc/passwd").is_err(), Expected::Success),
    ("no_file_is_written", || File::create("/tmp/faxdroid-sandbox").is_err(), Expected::Success),
    ("no_folder_is_listed", || std::fs::read_dir("/").is_err(), Expected::Success),
    ("no_process_is_started", || Command::new("/bin/true").status().is_err(), Expected::Success),
    ("nobody_is_called", || TcpStream::connect("127.0.0.1:9").is_err(), Expected::Success),
    ("nothing_is_sent", || UdpSocket::bind("127.0.0.1:0").is_err(), Expected::Success),
    ("more_memory_than_allowed_ends_it", hoard, Expected::Signal(6)),
    ("more_time_than_allowed_ends_it", spin, Expected::Signal(9)),
];

/// The same for what becomes an office program, with the folder that it may write in.
const OFFICE_TESTS: [(&str, OfficeAttempt); 7] = [
    ("the_office_reads_its_libraries", |_| std::fs::read_dir("/usr/lib").is_ok()),
    ("the_office_writes_in_its_folder", written_in),
    ("the_office_reads_no_file_of_ours", |folder| {
        File::open(folder.with_file_name("ours")).is_err() && File::open("/proc/1/environ").is_err()
    }),
    ("the_office_writes_nowhere_else", |folder| File::create(folder.with_file_name("theirs")).is_err()),
    ("nothing_in_the_folder_leads_out_of_it", |folder| {
        let ours = folder.with_file_name("ours");
        std::os::unix::fs::symlink(&ours, folder.join("link")).is_err()
            && std::fs::hard_link(&ours, folder.join("link")).is_err()
    }),
    ("the_office_starts_no_process", |_| Command::new("/bin/true").status().is_err()),
    ("the_office_calls_nobody", |_| {
        TcpStream::connect("127.0.0.1:9").is_err_and(|error| error.kind() == PermissionDenied)
            && UdpSocket::bind("127.0.0.1:0").is_err()
    }),
];

/// Whether it went as it should, as far as the process lives to tell.
type Attempt = fn() -> bool;
type OfficeAttempt = fn(&Path) -> bool;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Success,
    Signal(i32),
}

fn threads() -> bool {
    let threads: Vec<_> =
        (0..4_u64).map(|number| thread::spawn(move || (0..1_000 * number).sum::<u64>())).collect();
    threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum::<u64>() > 0
}

fn hoard() -> bool {
    let hoard: Vec<Vec<u8>> = (0..1024).map(|_| vec![1; MIB as usize]).collect();
    hoard.len() > 1
}

fn spin() -> bool {
    let mut number = 1_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(3));
    }
}

fn written_in(folder: &Path) -> bool {
    let (draft, document) = (folder.join("draft"), folder.join("folder/document"));
    std::fs::write(&draft, "text").is_ok()
        && std::fs::create_dir(folder.join("folder")).is_ok()
        && std::fs::rename(&draft, &document).is_ok()
        && std::fs::read(&document).is_ok_and(|text| text == b"text")
        && std::fs::remove_file(&document).is_ok()
}

fn main() {
    use std::os::unix::process::ExitStatusExt;

    let name = std::env::args().nth(1).unwrap_or_default();
    if let Some((_, test, _)) = TESTS.iter().find(|(test, ..)| *test == name) {
        confine(ALLOWANCE).unwrap();
        exit(if test() { 0 } else { 1 });
    }
    if let Some((_, test)) = OFFICE_TESTS.iter().find(|(test, _)| *test == name) {
        let folder = PathBuf::from(std::env::args().nth(2).unwrap());
        confine_office(Path::new("/usr/lib/libreoffice/program/soffice.bin"), &folder, ALLOWANCE).unwrap();
        exit(if test(&folder) { 0 } else { 1 });
    }
    let program = std::env::current_exe().unwrap();
    for (test, _, expected) in TESTS {
        let end = Command::new(&program).arg(test).output().unwrap();
        let status = end.status;
        let ended = match expected {
            Expected::Success => status.success(),
            // A limit on time warns first (SIGXCPU), and kills when nobody listens.
            Expected::Signal(9) => matches!(status.signal(), Some(9 | 24)),
            Expected::Signal(signal) => status.signal() == Some(signal),
        };
        assert!(ended, "{test}: {expected:?}, {status}, {}", String::from_utf8_lossy(&end.stderr));
        println!("test {test} ... ok");
    }
    for (test, _) in OFFICE_TESTS {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("ours"), "ours").unwrap();
        let folder = outside.path().join("folder");
        std::fs::create_dir(&folder).unwrap();
        let end = Command::new(&program).arg(test).arg(&folder).output().unwrap();
        assert!(end.status.success(), "{test}: {}, {}", end.status, String::from_utf8_lossy(&end.stderr));
        println!("test {test} ... ok");
    }
    let passed = TESTS.len() + OFFICE_TESTS.len();
    println!("\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
}
