//! Builds the package that Lambda@Edge takes: the native program, linked statically, the Node.js entry that starts it, the
//! API's description and the names of the site's files. Nothing in it differs between accounts. Beside it go the digests of
//! the pages that it renders, by which a release knows what the caches have to forget.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Parser;
use faxdroid_app::routes::PAGES;
use faxdroid_edge::{Site, router};
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Quotas on Lambda@Edge, origin request: "Maximum compressed size of a Lambda function and any included libraries".
const MAX_ZIP_BYTES: usize = 50_000_000;
/// Quotas on Lambda: "Deployment package … unzipped".
const MAX_UNZIPPED_BYTES: usize = 250_000_000;

/// A file of the package.
struct Entry {
    name: &'static str,
    mode: u32,
    content: Vec<u8>,
}

const PROGRAM: u32 = 0o755;
const DATA: u32 = 0o644;

/// Builds the package of the renderer. Run it after `cargo leptos build --release`, whose file names it takes up.
#[derive(Parser)]
struct Options {
    /// Where the zip goes; `target/edge/faxdroid-edge.zip` when nothing is said
    #[arg(long)]
    out: Option<PathBuf>,
    /// The names of the site's hashed files, as cargo-leptos wrote them; `target/release/hash.txt` when nothing is said
    #[arg(long)]
    hashes: Option<PathBuf>,
    /// The API's description, instead of asking faxdroid-server for it
    #[arg(long)]
    openapi: Option<PathBuf>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let target = target_directory()?;
    let hashes = options.hashes.unwrap_or_else(|| target.join("release/hash.txt"));
    let hashes = std::fs::read(&hashes)
        .with_context(|| format!("{}: run `cargo leptos build --release` first", hashes.display()))?;
    let openapi = match options.openapi {
        Some(path) => std::fs::read(&path).with_context(|| path.display().to_string())?,
        None => ask_server(&target)?,
    };
    let pages = digests(&openapi)?;
    let zip = pack(&[
        Entry { name: "bootstrap", mode: PROGRAM, content: build_bootstrap(&target)? },
        Entry { name: "hash.txt", mode: DATA, content: hashes },
        Entry { name: "index.mjs", mode: DATA, content: include_bytes!("../../runtime/index.mjs").to_vec() },
        Entry { name: "openapi.json", mode: DATA, content: openapi },
    ])?;
    let out = options.out.unwrap_or_else(|| target.join("edge/faxdroid-edge.zip"));
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create(&out)
        .and_then(|mut file| file.write_all(&zip))
        .with_context(|| out.display().to_string())?;
    let digests = out.with_file_name("pages.json");
    std::fs::write(&digests, serde_json::to_vec_pretty(&pages)?)
        .with_context(|| digests.display().to_string())?;
    println!("{}", out.display());
    println!("{} bytes", zip.len());
    // What `CodeSha256` of AWS::Lambda::Version wants.
    println!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(&zip)));
    Ok(())
}

/// Path → SHA-256 of the HTML of every page that is kept at the edge: of two releases they tell which pages changed. The
/// names of files come from the `hash.txt` beside this program, which cargo-leptos has written.
fn digests(openapi: &[u8]) -> Result<BTreeMap<&'static str, String>> {
    let site = Site::new(std::str::from_utf8(openapi)?, Some("https://www.faxdroid.com"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let router = router(site);
        let mut digests = BTreeMap::new();
        for page in PAGES.iter().filter(|page| page.cache.lifetime().is_some()) {
            let request = Request::builder().uri(page.path).body(Body::empty())?;
            let Ok(response) = router.clone().oneshot(request).await;
            let html = to_bytes(response.into_body(), usize::MAX).await?;
            let digest = Sha256::digest(&html).iter().map(|byte| format!("{byte:02x}")).collect();
            digests.insert(page.path, digest);
        }
        Ok(digests)
    })
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    cargo
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn target_directory() -> Result<PathBuf> {
    let output = cargo().args(["metadata", "--format-version=1", "--no-deps"]).output().context("cargo")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo metadata names no target directory")
}

/// The program for Amazon Linux 2023 on x86-64. It brings its C library along, so it runs whatever library is there.
/// The flag is for this program alone: its dependencies are those of every other release build.
fn build_bootstrap(target: &Path) -> Result<Vec<u8>> {
    let status = cargo()
        .args(["rustc", "--quiet", "--release", "--package=faxdroid-edge", "--bin=bootstrap", "--"])
        // Where it lies in memory is fixed, so that nothing is to be relocated at each start.
        .args(["-C", "target-feature=+crt-static", "-C", "relocation-model=static", "-C", "strip=symbols"])
        .status()
        .context("cargo")?;
    ensure!(status.success(), "the program could not be built");
    let program = std::fs::read(target.join("release/bootstrap"))?;
    check_program(&program)?;
    Ok(program)
}

/// Statically linked, for 64 bits of x86 (ELF header and program headers, `man 5 elf`).
fn check_program(program: &[u8]) -> Result<()> {
    const X86_64: [u8; 2] = 62u16.to_le_bytes();
    const INTERPRETER: [u8; 4] = 3u32.to_le_bytes();
    ensure!(program.starts_with(b"\x7fELF\x02\x01"), "the program is none for Linux on 64 bits");
    ensure!(program.get(18..20) == Some(&X86_64), "the program is not for x86-64");
    let number = |at: usize, size: usize| {
        let bytes = program.get(at..at + size).unwrap_or_default();
        bytes.iter().rev().fold(0usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let (headers, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    for header in (0..count).map(|index| headers + index * size) {
        ensure!(program.get(header..header + 4) != Some(&INTERPRETER), "the program is linked dynamically");
    }
    Ok(())
}

fn ask_server(target: &Path) -> Result<Vec<u8>> {
    let built = target.join("release/faxdroid-server");
    let mut server = if built.is_file() {
        let mut server = Command::new(built);
        server.current_dir(workspace());
        server
    } else {
        let mut server = cargo();
        server.args(["run", "--quiet", "--release", "--package=faxdroid-server", "--"]);
        server
    };
    let output = server.arg("openapi").output().context("faxdroid-server")?;
    ensure!(output.status.success(), "faxdroid-server openapi: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// The zip: the same for the same content, whenever and wherever it is made.
fn pack(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode);
        zip.start_file(entry.name, options)?;
        zip.write_all(&entry.content)?;
    }
    let zip = zip.finish()?.into_inner();
    check_limits(zip.len(), entries.iter().map(|entry| entry.content.len()).sum())?;
    Ok(zip)
}

fn check_limits(zipped: usize, unzipped: usize) -> Result<()> {
    ensure!(
        zipped <= MAX_ZIP_BYTES && unzipped <= MAX_UNZIPPED_BYTES,
        "the package has {zipped} bytes, {unzipped} unzipped; Lambda@Edge takes {MAX_ZIP_BYTES} and {MAX_UNZIPPED_BYTES}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use zip::ZipArchive;

    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry { name: "bootstrap", mode: PROGRAM, content: b"program".to_vec() },
            Entry { name: "hash.txt", mode: DATA, content: b"js: 1".to_vec() },
        ]
    }

    #[test]
    fn the_same_content_makes_the_same_package() {
        let zip = pack(&entries()).unwrap();
        assert!(zip == pack(&entries()).unwrap());
        let mut archive = ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        assert_eq!(archive.by_index(0).unwrap().last_modified(), Some(DateTime::default()));
    }

    #[test]
    fn the_program_may_be_executed_and_the_rest_may_be_read() {
        let zip = pack(&entries()).unwrap();
        let mut archive = ZipArchive::new(std::io::Cursor::new(zip)).unwrap();
        let mut mode = |name| archive.by_name(name).unwrap().unix_mode().unwrap() & 0o777;
        assert_eq!(mode("bootstrap"), PROGRAM);
        assert_eq!(mode("hash.txt"), DATA);
    }

    #[test]
    fn a_package_over_the_limit_is_refused() {
        assert!(check_limits(MAX_ZIP_BYTES, MAX_UNZIPPED_BYTES).is_ok());
        let refused = check_limits(MAX_ZIP_BYTES + 1, MAX_ZIP_BYTES + 1).unwrap_err();
        assert!(refused.to_string().contains("Lambda@Edge takes"), "{refused}");
        assert!(check_limits(1, MAX_UNZIPPED_BYTES + 1).is_err());
    }

    #[test]
    fn a_program_that_needs_libraries_of_the_system_is_refused() {
        let dynamic = std::fs::read("/bin/sh").unwrap();
        assert_eq!(check_program(&dynamic).unwrap_err().to_string(), "the program is linked dynamically");
        assert!(check_program(b"#!/bin/sh").is_err());
    }
}
