//! The two buckets of a site: the static one that CloudFront reads, and the one beside it that holds what releases are made
//! of: packages, manifests, and the content of files that keep their names.

use anyhow::{Context, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::content::File;
use super::{Current, Manifest};

const SHA256: &str = "sha256";
const RELEASES: &str = "releases/";
const CURRENT: &str = "current.json";
/// The content of files that keep their names.
pub(crate) const ENTRIES: &str = "entries/";
/// "DeleteObjects": in one request.
const MOST_DELETED: usize = 1_000;

#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    client: Client,
    name: String,
}

/// An object of a listing.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) key: String,
    /// Seconds since 1970.
    pub(crate) modified: i64,
}

/// Whether somebody else was quicker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// With the entity tag of what was written.
    Ours(String),
    Refused,
}

impl Bucket {
    pub(crate) fn new(config: &aws_config::SdkConfig, name: &str) -> Self {
        // Where it is not AWS that answers, names of buckets are no names of hosts.
        let elsewhere = config.endpoint_url().is_some();
        let config = Builder::from(config).force_path_style(elsewhere).build();
        Self { client: Client::from_conf(config), name: name.to_owned() }
    }

    /// Uploads a file unless the very same is there. Whether it had to.
    pub(crate) async fn put_file(&self, key: &str, file: &File) -> anyhow::Result<bool> {
        if self.is_there(key, file).await? {
            return Ok(false);
        }
        self.put(key, file).await?;
        Ok(true)
    }

    async fn put(&self, key: &str, file: &File) -> anyhow::Result<()> {
        self.client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(&file.content_type)
            .cache_control(&file.cache_control)
            .set_content_encoding(file.content_encoding.map(str::to_owned))
            .metadata(SHA256, &file.sha256)
            .body(ByteStream::from(file.body.clone()))
            .send()
            .await
            .map_err(|error| explained(key, error))?;
        Ok(())
    }

    /// Uploads a file under a name that is given once: what has it already must be the same. Whether it had to.
    pub(crate) async fn put_once(&self, key: &str, file: &File) -> anyhow::Result<bool> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(head) if head.metadata().and_then(|metadata| metadata.get(SHA256)) != Some(&file.sha256) => {
                bail!("{key} is there already, with other content: give this release another name")
            }
            Ok(_) => Ok(false),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => {
                self.put(key, file).await?;
                Ok(true)
            }
            Err(error) => Err(explained(key, error)),
        }
    }

    pub(crate) async fn is_there(&self, key: &str, file: &File) -> anyhow::Result<bool> {
        match self.client.head_object().bucket(&self.name).key(key).send().await {
            Ok(head) => Ok(head.metadata().and_then(|metadata| metadata.get(SHA256)) == Some(&file.sha256)
                && head.content_type() == Some(file.content_type.as_str())
                && head.cache_control() == Some(file.cache_control.as_str())
                && head.content_encoding() == file.content_encoding),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => Ok(false),
            Err(error) => Err(explained(key, error)),
        }
    }

    pub(crate) async fn get(&self, key: &str) -> anyhow::Result<Option<(Vec<u8>, String)>> {
        match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(object) => {
                let tag = object.e_tag().unwrap_or_default().to_owned();
                let body = object.body.collect().await.with_context(|| key.to_owned())?;
                Ok(Some((body.to_vec(), tag)))
            }
            Err(SdkError::ServiceError(error)) if error.err().is_no_such_key() => Ok(None),
            Err(error) => Err(explained(key, error)),
        }
    }

    pub(crate) async fn put_json(&self, key: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let put = self.client.put_object().bucket(&self.name).key(key).content_type("application/json");
        let body = ByteStream::from(serde_json::to_vec_pretty(value)?);
        put.body(body).send().await.map_err(|error| explained(key, error))?;
        Ok(())
    }

    /// Writes where nothing is, or exactly over what has the tag `over`.
    pub(crate) async fn put_if(
        &self,
        key: &str,
        value: &impl Serialize,
        over: Option<&str>,
    ) -> anyhow::Result<Written> {
        let put = self.client.put_object().bucket(&self.name).key(key);
        let put = match over {
            Some(tag) => put.if_match(tag),
            None => put.if_none_match("*"),
        };
        match put.body(ByteStream::from(serde_json::to_vec(value)?)).send().await {
            Ok(written) => Ok(Written::Ours(written.e_tag().unwrap_or_default().to_owned())),
            Err(error)
                if matches!(error.code(), Some("PreconditionFailed" | "ConditionalRequestConflict")) =>
            {
                Ok(Written::Refused)
            }
            Err(error) => Err(explained(key, error)),
        }
    }

    pub(crate) async fn list(&self, prefix: &str) -> anyhow::Result<Vec<Object>> {
        let mut pages =
            self.client.list_objects_v2().bucket(&self.name).prefix(prefix).into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| explained(prefix, error))?;
            for object in page.contents() {
                let key = object.key().unwrap_or_default().to_owned();
                objects.push(Object {
                    key,
                    modified: object.last_modified().map_or(i64::MAX, |time| time.secs()),
                });
            }
        }
        Ok(objects)
    }

    pub(crate) async fn delete(&self, keys: &[&str]) -> anyhow::Result<()> {
        for keys in keys.chunks(MOST_DELETED) {
            let identifiers = keys.iter().map(|key| ObjectIdentifier::builder().key(*key).build());
            let delete = Delete::builder()
                .set_objects(Some(identifiers.collect::<Result<_, _>>()?))
                .quiet(true)
                .build()?;
            let deleted = self.client.delete_objects().bucket(&self.name).delete(delete).send().await;
            let deleted = deleted.map_err(|error| explained("delete", error))?;
            if let Some(error) = deleted.errors().first() {
                bail!("{} was not deleted: {}", error.key().unwrap_or("?"), error.message().unwrap_or("?"));
            }
        }
        Ok(())
    }
}

/// What releases are made of.
#[derive(Debug, Clone)]
pub(crate) struct Releases(pub(crate) Bucket);

impl Releases {
    pub(crate) fn package_key(id: &str) -> String {
        format!("edge/{id}/edge.zip")
    }

    /// The content of a file that keeps its name.
    pub(crate) fn entry_key(sha256: &str) -> String {
        format!("{ENTRIES}{sha256}")
    }

    pub(crate) async fn manifest(&self, id: &str) -> anyhow::Result<Manifest> {
        let manifest = self.json(&format!("{RELEASES}{id}.json")).await?;
        manifest.with_context(|| format!("there is no release {id}; `faxdroid releases` lists them"))
    }

    pub(crate) async fn keep(&self, manifest: &Manifest) -> anyhow::Result<()> {
        self.0.put_json(&format!("{RELEASES}{}.json", manifest.id), manifest).await
    }

    pub(crate) async fn current(&self) -> anyhow::Result<Option<Current>> {
        self.json(CURRENT).await
    }

    pub(crate) async fn set_current(&self, current: &Current) -> anyhow::Result<()> {
        self.0.put_json(CURRENT, current).await
    }

    /// Every release that can be rolled back to, the newest first.
    pub(crate) async fn all(&self) -> anyhow::Result<Vec<Manifest>> {
        let mut manifests = Vec::new();
        for object in self.0.list(RELEASES).await? {
            manifests.extend(self.json::<Manifest>(&object.key).await?);
        }
        manifests.sort_by(|one, other| other.created_at.cmp(&one.created_at));
        Ok(manifests)
    }

    pub(crate) async fn forget(&self, manifest: &Manifest) -> anyhow::Result<()> {
        self.0.delete(&[&format!("{RELEASES}{}.json", manifest.id), &Self::package_key(&manifest.id)]).await
    }

    async fn json<T: DeserializeOwned>(&self, key: &str) -> anyhow::Result<Option<T>> {
        let Some((body, _)) = self.0.get(key).await? else { return Ok(None) };
        Ok(Some(
            serde_json::from_slice(&body).with_context(|| format!("{key} is not what a release writes"))?,
        ))
    }
}

fn explained<E>(what: &str, error: SdkError<E>) -> anyhow::Error
where
    E: std::error::Error + Send + Sync + 'static,
    SdkError<E>: std::error::Error,
{
    anyhow::anyhow!("{what}: {}", DisplayErrorContext(error))
}
