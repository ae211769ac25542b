//! What was built: files with the way in which they are served.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::{Entry, Manifest};

const A_YEAR: &str = "public, max-age=31536000, immutable";
/// What keeps its name is asked for again after five minutes; at the edge a release invalidates it.
const BRIEFLY: &str = "public, max-age=300, s-maxage=86400";
/// The shell names the files of its own release.
const EACH_TIME: &str = "no-cache";
/// The shell and its files.
const FALLBACK: &str = "fallback";
const SHELL: &str = "fallback/index.html";
/// Shorter than those of cargo-leptos and of `script/fallback`.
const SHORTEST_HASH: usize = 8;

/// A file as it is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) body: Vec<u8>,
    pub(crate) sha256: String,
    pub(crate) content_type: String,
    pub(crate) cache_control: String,
    pub(crate) content_encoding: Option<&'static str>,
}

impl File {
    fn new(name: &str, body: Vec<u8>, cache_control: &str) -> Self {
        let content_type = mime_guess::from_path(name).first_or_octet_stream();
        let mut content_type = content_type.to_string();
        if content_type.starts_with("text/") {
            content_type.push_str("; charset=utf-8");
        }
        Self {
            sha256: hex(&body),
            body,
            content_type,
            cache_control: cache_control.to_owned(),
            content_encoding: None,
        }
    }
}

impl File {
    /// What nobody is served: it lies where AWS takes it from.
    pub(crate) fn kept(body: Vec<u8>, content_type: &str) -> Self {
        Self {
            sha256: hex(&body),
            body,
            content_type: content_type.to_owned(),
            cache_control: "private".to_owned(),
            content_encoding: None,
        }
    }
}

/// A release before it is anywhere.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) package: Vec<u8>,
    pub(crate) assets: BTreeMap<String, File>,
    pub(crate) entries: BTreeMap<String, File>,
    /// Path → SHA-256 of the HTML that the package renders.
    pub(crate) pages: BTreeMap<String, String>,
}

/// Where the builds are.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// What cargo-leptos built: `pkg/` with hashed names, and public files.
    pub(crate) site: PathBuf,
    /// The site that renders in the browser.
    pub(crate) fallback: PathBuf,
    pub(crate) package: PathBuf,
    /// The package's pages with the digests of their HTML.
    pub(crate) pages: PathBuf,
}

impl Content {
    pub(crate) fn read(built: &Built) -> anyhow::Result<Self> {
        let package = read(&built.package)?;
        let pages = read(&built.pages)?;
        let pages = serde_json::from_slice(&pages).with_context(|| built.pages.display().to_string())?;
        let (mut assets, mut entries) = (BTreeMap::new(), BTreeMap::new());
        for (name, body) in files(&built.site)? {
            if name.starts_with("pkg/") {
                ensure!(
                    is_hashed(&name),
                    "{name} has no hash in its name, so that it could not be kept for a year"
                );
                asset(&mut assets, &name, body)?;
            } else {
                let file = File::new(&name, body, BRIEFLY);
                entries.insert(name, file);
            }
        }
        fallback(files(&built.fallback)?, &mut assets, &mut entries)?;
        Ok(Self { package, assets, entries, pages })
    }

    pub(crate) fn manifest(&self, id: &str, created_at: String) -> Manifest {
        let entry = |file: &File| Entry {
            sha256: file.sha256.clone(),
            content_type: file.content_type.clone(),
            cache_control: file.cache_control.clone(),
        };
        Manifest {
            id: id.to_owned(),
            created_at,
            package: BASE64_STANDARD.encode(Sha256::digest(&self.package)),
            assets: self.assets.iter().map(|(key, file)| (key.clone(), file.sha256.clone())).collect(),
            entries: self.entries.iter().map(|(key, file)| (key.clone(), entry(file))).collect(),
            pages: self.pages.clone(),
        }
    }
}

/// The shell keeps its name; what it loads is in a folder that is named after its content (`script/fallback`), so that
/// whoever has the old one still finds what it names.
fn fallback(
    files: BTreeMap<String, Vec<u8>>,
    assets: &mut BTreeMap<String, File>,
    entries: &mut BTreeMap<String, File>,
) -> anyhow::Result<()> {
    for (name, body) in files {
        let folder = name.split_once('/').map_or("", |(folder, _)| folder);
        if name == "index.html" {
            entries.insert(SHELL.to_owned(), File::new(&name, body, EACH_TIME));
        } else if folder.len() >= SHORTEST_HASH && folder.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            asset(assets, &format!("{FALLBACK}/{name}"), body)?;
        } else {
            bail!("{FALLBACK}/{name} has no hash in its name, so that it could not be kept for a year");
        }
    }
    ensure!(entries.contains_key(SHELL), "the fallback has no index.html");
    Ok(())
}

/// CloudFront compresses text at the edge, but not WebAssembly. Whoever runs WebAssembly takes Brotli (over HTTPS all
/// browsers do, and have since before WebAssembly was there), so that one variant does for all.
fn asset(assets: &mut BTreeMap<String, File>, name: &str, body: Vec<u8>) -> anyhow::Result<()> {
    let mut file = File::new(name, body, A_YEAR);
    if name.ends_with(".wasm") {
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        writer.write_all(&file.body)?;
        writer.flush()?;
        file.body = writer.into_inner();
        file.content_encoding = Some("br");
    }
    assets.insert(name.to_owned(), file);
    Ok(())
}

/// `faxdroid.1a2B3c4d.js`: as cargo-leptos names what it hashes.
fn is_hashed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    let hash = file.split('.').rev().nth(1).unwrap_or_default();
    file.split('.').count() > 2 && hash.len() >= SHORTEST_HASH
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries =
            std::fs::read_dir(&next).with_context(|| format!("{}: build it first", next.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder)?.to_str();
            let Some(name) = name else { bail!("{} is no name for the web", path.display()) };
            found.insert(name.to_owned(), read(&path)?);
        }
    }
    ensure!(!found.is_empty(), "{} is empty: build it first", folder.display());
    Ok(found)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{}: build it first", path.display()))
}

pub(crate) fn hex(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(folder: &Path) -> Built {
        for (name, body) in [
            ("site/pkg/faxdroid.1a2b3c4d.js", "import './faxdroid.wasm'"),
            ("site/pkg/faxdroid.5e6f7a8b.wasm", "wasm wasm wasm wasm"),
            ("site/favicon.svg", "<svg/>"),
            ("fallback/index.html", "<script src=\"/fallback/0123456789abcdef/fallback.js\"></script>"),
            ("fallback/0123456789abcdef/fallback.js", "import './faxdroid-app.js'"),
            ("edge.zip", "zip"),
            ("pages.json", "{\"/\": \"1\"}"),
        ] {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, body).unwrap();
        }
        let at = |name| folder.join(name);
        Built { site: at("site"), fallback: at("fallback"), package: at("edge.zip"), pages: at("pages.json") }
    }

    #[test]
    fn hashed_files_are_kept_for_a_year_and_the_others_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let content = Content::read(&built(folder.path())).unwrap();
        let script = &content.assets["pkg/faxdroid.1a2b3c4d.js"];
        assert_eq!(
            (script.cache_control.as_str(), script.content_type.as_str()),
            (A_YEAR, "text/javascript; charset=utf-8")
        );
        let module = &content.assets["pkg/faxdroid.5e6f7a8b.wasm"];
        assert_eq!((module.content_type.as_str(), module.content_encoding), ("application/wasm", Some("br")));
        assert_eq!(content.entries.keys().collect::<Vec<_>>(), ["fallback/index.html", "favicon.svg"]);
        assert_eq!(content.entries["favicon.svg"].content_type, "image/svg+xml");
        assert_eq!(content.entries["fallback/index.html"].cache_control, EACH_TIME);
        assert_eq!(content.assets["fallback/0123456789abcdef/fallback.js"].cache_control, A_YEAR);
    }

    #[test]
    fn a_file_that_would_be_kept_for_a_year_under_a_name_that_stays_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let built = built(folder.path());
        for name in ["site/pkg/faxdroid.css", "fallback/faxdroid.js"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "a").unwrap();
            let refused = Content::read(&built).unwrap_err().to_string();
            assert!(name.ends_with(refused.split(' ').next().unwrap()), "{refused}");
            std::fs::remove_file(path).unwrap();
        }
    }
}
