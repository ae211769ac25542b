//! Files: the pages of documents, by key. A directory here, a bucket in production, through the same crate.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};

use crate::config::Bucket;

/// A larger file is handed over in parts of this size, so that what fails and is repeated is a part.
const PART: usize = 8 * 1024 * 1024;
/// Parts under way at once.
const PARTS_AT_ONCE: usize = 2;

/// The files could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the file {key} cannot be reached")]
pub struct FilesError {
    key: String,
    source: object_store::Error,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    pub key: String,
    /// Epoch milliseconds.
    pub written_at: i64,
}

/// Where files are kept.
#[derive(Debug, Clone)]
pub struct Files(Arc<dyn ObjectStore>);

impl Files {
    /// Keeps them in `folder`, which is made when it does not exist.
    pub fn directory(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?)))
    }

    /// Keeps them in a bucket of Amazon S3, encrypted there. Region and credentials come from the environment or the
    /// instance.
    pub fn bucket(bucket: &Bucket) -> anyhow::Result<Self> {
        let mut s3 = AmazonS3Builder::from_env()
            .with_bucket_name(&bucket.name)
            .with_config("aws_server_side_encryption".parse()?, &bucket.encryption);
        if let Some(key) = &bucket.kms_key {
            s3 = s3.with_config("aws_sse_kms_key_id".parse()?, key);
        }
        if let Some(endpoint) = &bucket.endpoint {
            s3 = s3.with_endpoint(endpoint.as_str().trim_end_matches('/')).with_allow_http(true);
        }
        Ok(Self(Arc::new(s3.build()?)))
    }

    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FilesError> {
        let sending = async {
            if bytes.len() <= PART {
                return self.0.put(&Key::from(key), bytes.into()).await;
            }
            let mut parts =
                WriteMultipart::new_with_chunk_size(self.0.put_multipart(&Key::from(key)).await?, PART);
            for start in (0..bytes.len()).step_by(PART) {
                if let Err(error) = parts.wait_for_capacity(PARTS_AT_ONCE).await {
                    // What cannot be cleared away now the bucket clears away later.
                    let _ = parts.abort().await;
                    return Err(error);
                }
                parts.put(bytes.slice(start..bytes.len().min(start + PART)));
            }
            parts.finish().await
        };
        sending.await.map_err(|source| failed(key, source))?;
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<Bytes, FilesError> {
        let found = self.0.get(&Key::from(key)).await.map_err(|source| failed(key, source))?;
        found.bytes().await.map_err(|source| failed(key, source))
    }

    /// Every file and when it was written, as they are found.
    pub fn list(&self) -> impl Stream<Item = Result<StoredFile, FilesError>> {
        let stored = |meta: object_store::ObjectMeta| StoredFile {
            key: meta.location.to_string(),
            written_at: meta.last_modified.timestamp_millis(),
        };
        self.0.list(None).map_ok(stored).map_err(|source| failed("", source))
    }

    /// Deleting what is not there is done already.
    pub async fn delete(&self, key: &str) -> Result<(), FilesError> {
        match self.0.delete(&Key::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(failed(key, source)),
        }
    }
}

fn failed(key: &str, source: object_store::Error) -> FilesError {
    FilesError { key: key.to_owned(), source }
}
