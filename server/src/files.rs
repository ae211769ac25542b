//! Files: the pages of documents, by key. A directory here, a bucket in production, through the same crate.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};

/// The files could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the file {key} cannot be reached")]
pub struct FilesError {
    key: String,
    source: object_store::Error,
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

    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), FilesError> {
        self.0.put(&Key::from(key), bytes.into()).await.map_err(|source| failed(key, source))?;
        Ok(())
    }

    pub async fn get(&self, key: &str) -> Result<Bytes, FilesError> {
        let found = self.0.get(&Key::from(key)).await.map_err(|source| failed(key, source))?;
        found.bytes().await.map_err(|source| failed(key, source))
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
