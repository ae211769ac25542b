//! Files: the pages of documents, by key. A directory here, a bucket in production, through the same crate.

use std::fs::File;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::config::Bucket;

/// A larger file is handed over in parts of this size, so that what fails and is repeated is a part.
const PART: usize = 5 * 1024 * 1024;
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

    /// Keeps what is in `file`, from its beginning.
    pub async fn put(&self, key: &str, file: File) -> Result<(), FilesError> {
        let sending = async {
            let mut file = tokio::fs::File::from_std(file);
            file.seek(SeekFrom::Start(0)).await.map_err(of_this_disk)?;
            let first = next_part(&mut file).await.map_err(of_this_disk)?;
            if first.len() < PART {
                return self.0.put(&Key::from(key), first.into()).await;
            }
            let mut parts =
                WriteMultipart::new_with_chunk_size(self.0.put_multipart(&Key::from(key)).await?, PART);
            let mut part = first;
            while !part.is_empty() {
                if let Err(error) = parts.wait_for_capacity(PARTS_AT_ONCE).await {
                    // What cannot be cleared away now the bucket clears away later.
                    let _ = parts.abort().await;
                    return Err(error);
                }
                parts.put(part);
                part = next_part(&mut file).await.map_err(of_this_disk)?;
            }
            parts.finish().await
        };
        sending.await.map_err(|source| failed(key, source))?;
        Ok(())
    }

    /// Writes it to `file`, which is then read from its beginning.
    pub async fn fetch(&self, key: &str, file: File) -> Result<File, FilesError> {
        let receiving = async {
            let mut file = tokio::fs::File::from_std(file);
            let mut chunks = self.0.get(&Key::from(key)).await?.into_stream();
            while let Some(chunk) = chunks.try_next().await? {
                file.write_all(&chunk).await.map_err(of_this_disk)?;
            }
            file.flush().await.map_err(of_this_disk)?;
            file.rewind().await.map_err(of_this_disk)?;
            Ok::<_, object_store::Error>(file.into_std().await)
        };
        receiving.await.map_err(|source| failed(key, source))
    }

    /// Keeps another copy of it, under `new_key`. The bucket copies by itself.
    pub async fn copy(&self, key: &str, new_key: &str) -> Result<(), FilesError> {
        self.0.copy(&Key::from(key), &Key::from(new_key)).await.map_err(|source| failed(key, source))
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

/// Empty at the end of the file; shorter than [`PART`] only then.
async fn next_part(file: &mut tokio::fs::File) -> io::Result<Bytes> {
    let mut part = Vec::new();
    file.take(PART as u64).read_to_end(&mut part).await?;
    Ok(part.into())
}

fn of_this_disk(source: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "a file of this server", source: source.into() }
}

fn failed(key: &str, source: object_store::Error) -> FilesError {
    FilesError { key: key.to_owned(), source }
}
