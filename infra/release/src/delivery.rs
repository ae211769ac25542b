//! A whole release, or none of it: packages, stacks and site of one build come to an environment, and where something fails on
//! the way, or the check of what came of it, all is as it was before.
//!
//! Packages first, then the stacks in their order. The renderer is the site's: its stack keeps the release that it has, until
//! the files of the new one are there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::aws;
use crate::release::content::{Built, File, hex};
use crate::release::run::Site;
use crate::release::storage::Bucket;
use crate::stacks::{Changed, Deployment, Replacement, check};

/// The stack that runs the packages, the one that has their bucket, and the one that is the site's.
const SERVICES: &str = "services";
const DATA: &str = "data";
const EDGE: &str = "edge";

/// What `script/package` has made: one folder.
pub(crate) struct Packages {
    folder: PathBuf,
    release: String,
    /// What the stack of the services is told: the release and the checksums of its packages.
    parameters: BTreeMap<String, String>,
    server: Vec<u8>,
    poller: Vec<u8>,
}

impl Packages {
    /// # Errors
    /// When something is missing, or is not what the checksums say.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("{}: run script/package first", path.display()))
        };
        let text = String::from_utf8(file("parameters")?).context("parameters is no text")?;
        let parameters: BTreeMap<String, String> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let given = |name: &str| {
            parameters.get(name).with_context(|| format!("{}/parameters has no {name}", folder.display()))
        };
        let (server, poller) = (file("server.tar.gz")?, file("poller.zip")?);
        ensure!(*given("ServerPackageSha256")? == hex(&server), "server.tar.gz is of another build");
        ensure!(
            *given("PollerPackageSha256")? == BASE64_STANDARD.encode(Sha256::digest(&poller)),
            "poller.zip is of another build"
        );
        let release = given("Release")?.clone();
        let parameters = ["Release", "ServerPackageSha256", "PollerPackageSha256"]
            .map(|name| (name.to_owned(), parameters[name].clone()));
        Ok(Self { folder: folder.to_owned(), release, parameters: parameters.into(), server, poller })
    }

    fn built(&self) -> Built {
        Built {
            site: self.folder.join("site"),
            fallback: self.folder.join("fallback"),
            package: self.folder.join("edge.zip"),
            pages: self.folder.join("pages.json"),
        }
    }

    /// Where servers and Lambda take them from.
    async fn upload(&self, deployment: &Deployment) -> anyhow::Result<()> {
        let config = aws::config(deployment.region(DATA)?, deployment.role()).await;
        let bucket = Bucket::new(&config, &deployment.output(DATA, "ArtifactBucketName").await?);
        for (key, body, kind) in [
            (format!("server/{}/server.tar.gz", self.release), &self.server, "application/gzip"),
            (format!("poller/{}/poller.zip", self.release), &self.poller, "application/zip"),
        ] {
            let file = File::kept(body.clone(), kind);
            let uploaded = bucket.put_once(&key, &file).await?;
            println!("{key}: {}", if uploaded { "uploaded" } else { "was there" });
        }
        Ok(())
    }
}

/// Brings a build to an environment. `command` is what [checks](check) it.
pub(crate) async fn deliver(
    deployment: Deployment,
    packages: &Packages,
    allowed: Replacement,
    command: Option<&str>,
) -> anyhow::Result<()> {
    let mut before = Before::default();
    let delivered = come(&deployment, packages, allowed, command, &mut before).await;
    let Err(failure) = delivered else { return Ok(()) };
    match before.bring_back(&deployment, &packages.release).await {
        Ok(()) => Err(failure.context("what was changed is as it was before")),
        Err(error) => Err(failure.context(format!("NOT everything is as it was before: {error:#}"))),
    }
}

/// What there was before anything was changed.
#[derive(Default)]
struct Before {
    stacks: Vec<Changed>,
    /// The release that was served, once another has begun to be.
    served: Option<String>,
}

async fn come(
    deployment: &Deployment,
    packages: &Packages,
    allowed: Replacement,
    command: Option<&str>,
    before: &mut Before,
) -> anyhow::Result<()> {
    for stack in deployment.stacks() {
        match stack.as_str() {
            // It cannot be created without a package: the release of the site does that.
            EDGE if !deployment.exists(EDGE).await? => {}
            SERVICES => {
                packages.upload(deployment).await?;
                let services = deployment.with(&packages.parameters);
                services.change(Some(SERVICES), allowed, &mut before.stacks).await?;
            }
            stack => deployment.change(Some(stack), allowed, &mut before.stacks).await?,
        }
    }
    let (release, built) = (&packages.release, packages.built());
    let site = Site::found(deployment.clone(), release, &built).await?;
    before.served = site.served().await?;
    site.release(release, &built).await?;
    match command {
        Some(command) => check(command).await,
        None => Ok(()),
    }
}

impl Before {
    async fn bring_back(self, deployment: &Deployment, release: &str) -> anyhow::Result<()> {
        if let Some(served) = self.served.filter(|served| served != release) {
            println!("serving {served} again");
            Site::of(deployment.clone()).await?.roll_back(Some(&served)).await?;
        }
        deployment.put_back(self.stacks).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(parameters: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("parameters", parameters), ("server.tar.gz", "abc"), ("poller.zip", "abc")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    /// Of "abc" (FIPS 180-4), in both spellings.
    const PARAMETERS: &str = "Release=1.0.0\n\
        ServerPackageSha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n\
        PollerPackageSha256=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n\
        EdgePackageSha256=of the site\n";

    #[test]
    fn the_services_are_told_their_packages_and_nothing_of_the_site() {
        let read = Packages::read(packages(PARAMETERS).path()).unwrap();
        assert_eq!(read.release, "1.0.0");
        assert_eq!(
            read.parameters.keys().map(String::as_str).collect::<Vec<_>>(),
            ["PollerPackageSha256", "Release", "ServerPackageSha256"]
        );
    }

    #[test]
    fn packages_of_two_builds_are_refused_before_anything_is_changed() {
        let mixed = PARAMETERS.replace("ServerPackageSha256=ba", "ServerPackageSha256=bb");
        let refused = Packages::read(packages(&mixed).path()).err().unwrap();
        assert!(refused.to_string().contains("server.tar.gz is of another build"), "{refused:#}");
        let empty = tempfile::tempdir().unwrap();
        let missing = Packages::read(empty.path()).err().unwrap();
        assert!(format!("{missing:#}").contains("run script/package first"), "{missing:#}");
    }
}
