//! The commands: release, releases, rollback, prune.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};

use super::content::{Built, Content, File};
use super::distribution::Distribution;
use super::lock::Lock;
use super::plan::{EVERYTHING, invalidations, prunable, prunable_entries};
use super::storage::{Bucket, ENTRIES, Object, Releases};
use super::{Current, Manifest};
use crate::aws;
use crate::stacks::Deployment;

const UPLOADS_AT_ONCE: usize = 16;
/// Where CloudFront takes functions from.
const REGION: &str = "us-east-1";

/// Where the site of an environment is.
pub(crate) struct Site {
    files: Bucket,
    releases: Releases,
    distribution: Distribution,
    deployment: Deployment,
}

impl Site {
    /// As the stacks of the environment say.
    pub(crate) async fn of(deployment: Deployment) -> anyhow::Result<Self> {
        let config = aws::config(REGION, deployment.role()).await;
        let output = async |stack, name| deployment.output(stack, name).await;
        Ok(Self {
            files: Bucket::new(&config, &output("edge", "StaticBucketName").await?),
            releases: Releases(Bucket::new(&config, &output("dns", "EdgePackageBucketName").await?)),
            distribution: Distribution::new(&config, &output("edge", "DistributionId").await?),
            deployment,
        })
    }

    /// The same, where the stack that holds it may not be there yet: it cannot be created without a package.
    pub(crate) async fn found(deployment: Deployment, id: &str, built: &Built) -> anyhow::Result<Self> {
        if !deployment.exists("edge").await? {
            let config = aws::config(REGION, deployment.role()).await;
            let bucket = deployment.output("dns", "EdgePackageBucketName").await?;
            let content = Content::read(built)?;
            let lock = Lock::take(&Bucket::new(&config, &bucket), &format!("release {id}")).await?;
            let founded = async {
                Bucket::new(&config, &bucket)
                    .put_file(&Releases::package_key(id), &package(&content))
                    .await?;
                let package = content.manifest(id, rfc3339()).package;
                deployment.deploy_renderer(id, &package).await
            };
            let founded = founded.await;
            lock.release().await?;
            founded?;
        }
        Self::of(deployment).await
    }

    /// The release that is served.
    pub(crate) async fn served(&self) -> anyhow::Result<Option<String>> {
        Ok(self.releases.current().await?.map(|current| current.id))
    }

    /// Says what a release would do, and does nothing.
    pub(crate) async fn plan(&self, id: &str, built: &Built) -> anyhow::Result<()> {
        let content = Content::read(built)?;
        let manifest = content.manifest(id, rfc3339());
        for (key, file) in &content.assets {
            if !self.files.is_there(key, file).await? {
                println!("upload {key} ({} bytes)", file.body.len());
            }
        }
        println!("renderer {} ({} bytes)", manifest.package, content.package.len());
        for (key, file) in &content.entries {
            if !self.files.is_there(key, file).await? {
                println!("replace {key}");
            }
        }
        for from in self.cached(self.releases.current().await?.as_ref(), id).await? {
            invalidations(&from, &manifest).iter().for_each(|path| println!("invalidate {path}"));
        }
        Ok(())
    }

    pub(crate) async fn release(&self, id: &str, built: &Built) -> anyhow::Result<()> {
        let content = Content::read(built)?;
        let lock = Lock::take(&self.releases.0, &format!("release {id}")).await?;
        let released = self.publish(id, &content).await;
        lock.release().await?;
        released
    }

    async fn publish(&self, id: &str, content: &Content) -> anyhow::Result<()> {
        let mut manifest = content.manifest(id, rfc3339());
        // Run again, it is the release of the first time, and a name is never given twice.
        if let Ok(earlier) = self.releases.manifest(id).await {
            manifest.created_at = earlier.created_at.clone();
            ensure!(
                manifest == earlier,
                "there is a release {id} already, of other files: give this one another name"
            );
        }
        self.upload(content).await?;
        self.releases.0.put_file(&Releases::package_key(id), &package(content)).await?;
        self.releases.keep(&manifest).await?;
        self.activate(&manifest).await
    }

    /// What has a name of its own in this release. Nothing that is served names it yet.
    async fn upload(&self, content: &Content) -> anyhow::Result<()> {
        let bar = bar(content.assets.len() + content.entries.len(), "files");
        let uploaded = AtomicUsize::new(0);
        let count = |had_to: bool| {
            uploaded.fetch_add(usize::from(had_to), Ordering::Relaxed);
            bar.inc(1);
        };
        let assets = content.assets.iter().map(|(key, file)| (&self.files, key.clone(), file));
        let entries =
            content.entries.values().map(|file| (&self.releases.0, Releases::entry_key(&file.sha256), file));
        stream::iter(assets.chain(entries))
            .map(|(bucket, key, file)| async move { bucket.put_file(&key, file).await })
            .buffer_unordered(UPLOADS_AT_ONCE)
            .try_for_each(async |had_to| {
                count(had_to);
                Ok(())
            })
            .await?;
        bar.finish_and_clear();
        let (uploaded, all) = (uploaded.into_inner(), content.assets.len() + content.entries.len());
        println!("{uploaded} files uploaded, {} were there", all - uploaded);
        Ok(())
    }

    /// Serves a release whose files are all there: the renderer, then what keeps its name, then the caches.
    async fn activate(&self, manifest: &Manifest) -> anyhow::Result<()> {
        let before = self.releases.current().await?;
        if let Some(mut before) = before.clone().filter(|before| before.id != manifest.id)
            && !before.begun.contains(&manifest.id)
        {
            before.begun.push(manifest.id.clone());
            self.releases.set_current(&before).await?;
        }
        self.deployment.deploy_renderer(&manifest.id, &manifest.package).await?;
        for (key, entry) in &manifest.entries {
            let kept = self.releases.0.get(&Releases::entry_key(&entry.sha256)).await?;
            let (body, _) = kept.with_context(|| format!("the content of {key} is not kept any more"))?;
            let file = File {
                body,
                sha256: entry.sha256.clone(),
                content_type: entry.content_type.clone(),
                cache_control: entry.cache_control.clone(),
                content_encoding: None,
            };
            self.files.put_file(key, &file).await?;
        }
        let mut current = changed(before, &manifest.id);
        self.releases.set_current(&current).await?;
        if !current.invalidated {
            self.invalidate(&current, manifest).await?;
            current.invalidated = true;
            current.begun.clear();
            self.releases.set_current(&current).await?;
        }
        println!("{} is served", manifest.id);
        Ok(())
    }

    async fn invalidate(&self, current: &Current, to: &Manifest) -> anyhow::Result<()> {
        let mut paths = BTreeSet::new();
        for from in self.cached(Some(current), &to.id).await? {
            paths.extend(invalidations(&from, to));
        }
        if paths.is_empty() {
            println!("nothing that is cached has changed");
            return Ok(());
        }
        let paths: Vec<String> = if paths.contains(EVERYTHING) {
            vec![EVERYTHING.to_owned()]
        } else {
            paths.into_iter().collect()
        };
        println!("invalidating {}", paths.join(" "));
        let waiting = ProgressBar::new_spinner().with_message("the caches forget");
        // Interrupted and run again it is the same invalidation; another change to the same release is another.
        let reference = format!("{} {}", to.id, current.since);
        self.distribution.invalidate(paths, &reference, |_| waiting.tick()).await?;
        waiting.finish_and_clear();
        Ok(())
    }

    /// The releases that the caches may hold beside `id`.
    async fn cached(&self, current: Option<&Current>, id: &str) -> anyhow::Result<Vec<Manifest>> {
        let Some(current) = current else { return Ok(Vec::new()) };
        let names =
            current.previous.iter().chain([&current.id]).chain(&current.begun).filter(|name| *name != id);
        let names: BTreeSet<&String> = names.collect();
        stream::iter(names).then(|name| self.releases.manifest(name)).try_collect().await
    }

    pub(crate) async fn list(&self) -> anyhow::Result<()> {
        let current = self.releases.current().await?;
        for manifest in self.releases.all().await? {
            let mark = match &current {
                Some(current) if current.id == manifest.id => "served",
                Some(current) if current.previous.as_deref() == Some(&*manifest.id) => "before",
                _ => "",
            };
            println!("{:<24} {} {mark}", manifest.id, manifest.created_at);
        }
        Ok(())
    }

    /// Serves an earlier release again: `id`, or the one before this one.
    pub(crate) async fn roll_back(&self, id: Option<&str>) -> anyhow::Result<()> {
        let lock = Lock::take(&self.releases.0, "rollback").await?;
        let rolled_back = self.serve_again(id).await;
        lock.release().await?;
        rolled_back
    }

    async fn serve_again(&self, id: Option<&str>) -> anyhow::Result<()> {
        let current = self.releases.current().await?.context("nothing was released yet")?;
        let id = match id.or(current.previous.as_deref()) {
            Some(id) => id.to_owned(),
            None => bail!("there is no release before {}", current.id),
        };
        self.activate(&self.releases.manifest(&id).await?).await
    }

    /// Deletes releases older than `age`, and the files that none of the others needs.
    pub(crate) async fn prune(&self, age: Duration, really: bool) -> anyhow::Result<()> {
        let lock = Lock::take(&self.releases.0, "prune").await?;
        let pruned = self.delete_old(age, really).await;
        lock.release().await?;
        pruned
    }

    async fn delete_old(&self, age: Duration, really: bool) -> anyhow::Result<()> {
        let oldest = now().saturating_sub(age.as_secs());
        let current = self.releases.current().await?.context("nothing was released yet")?;
        let is_served = |manifest: &Manifest| {
            manifest.id == current.id || Some(&manifest.id) == current.previous.as_ref()
        };
        let (living, dead): (Vec<_>, Vec<_>) = self
            .releases
            .all()
            .await?
            .into_iter()
            .partition(|manifest| is_served(manifest) || created(manifest) >= oldest);
        let (objects, kept) = (self.files.list("").await?, self.releases.0.list(ENTRIES).await?);
        let is_old = |object: &Object| object.modified < oldest as i64;
        let keys = objects.iter().map(|object| (object.key.as_str(), is_old(object)));
        let unneeded = prunable(keys, &living);
        let kept = kept.iter().map(|object| (object.key.as_str(), is_old(object)));
        let unneeded_entries = prunable_entries(kept, &living);
        for manifest in &dead {
            println!("release {}", manifest.id);
        }
        unneeded.iter().chain(&unneeded_entries).for_each(|key| println!("file {key}"));
        if really {
            self.files.delete(&unneeded).await?;
            self.releases.0.delete(&unneeded_entries).await?;
            for manifest in &dead {
                self.releases.forget(manifest).await?;
            }
        }
        println!(
            "{} releases and {} files {}",
            dead.len(),
            unneeded.len() + unneeded_entries.len(),
            if really { "deleted" } else { "to be deleted" }
        );
        Ok(())
    }
}

fn package(content: &Content) -> File {
    File::kept(content.package.clone(), "application/zip")
}

/// What is served once `id` is. Run again after an interruption it is the same change.
fn changed(before: Option<Current>, id: &str) -> Current {
    let previous = match before {
        Some(before) if before.id == id && before.begun.is_empty() => return before,
        Some(before) if before.id == id => (before.previous, before.begun),
        Some(before) => (Some(before.id), before.begun),
        None => (None, Vec::new()),
    };
    let begun = previous.1.into_iter().filter(|begun| begun != id).collect();
    Current { id: id.to_owned(), previous: previous.0, since: rfc3339(), invalidated: false, begun }
}

fn bar(length: usize, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style).with_message(what)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn rfc3339() -> String {
    jiff::Timestamp::from_second(now() as i64).map(|time| time.to_string()).unwrap_or_default()
}

/// Of a time that cannot be read nothing is deleted.
fn created(manifest: &Manifest) -> u64 {
    manifest
        .created_at
        .parse::<jiff::Timestamp>()
        .map_or(u64::MAX, |time| u64::try_from(time.as_second()).unwrap_or(u64::MAX))
}
