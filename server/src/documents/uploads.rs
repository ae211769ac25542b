//! Customers' files between the network and their conversion: on disk, so that memory does not grow with them, and without a
//! name, so that nothing of them is left when the server dies.

use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWrite, AsyncWriteExt};

use crate::digest::hexadecimal;

/// Where uploads wait.
#[derive(Debug, Clone)]
pub struct Uploads(Arc<PathBuf>);

/// A file as it came in.
#[derive(Debug)]
pub struct UploadedFile {
    pub name: String,
    file: File,
    bytes: u64,
    hash: Sha256,
}

impl Uploads {
    /// In `folder`, which must be on a disk: some systems keep `/tmp` in memory.
    pub fn within(folder: &Path) -> Self {
        Self(Arc::new(folder.to_owned()))
    }

    /// A file of which nothing has come yet.
    pub async fn begin(&self, name: String) -> io::Result<UploadedFile> {
        let file = File::from_std(self.unnamed().await?);
        Ok(UploadedFile { name, file, bytes: 0, hash: Sha256::new() })
    }

    /// An empty file, for what is made of customers' files.
    pub(super) async fn unnamed(&self) -> io::Result<std::fs::File> {
        let folder = self.0.clone();
        let file = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&*folder)?;
            tempfile::tempfile_in(&*folder)
        });
        file.await.map_err(io::Error::other)?
    }

    /// A folder for what has to be a file with a name, deleted when it is dropped.
    pub(super) async fn folder(&self) -> io::Result<TempDir> {
        let folder = self.0.clone();
        let made = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&*folder)?;
            tempfile::tempdir_in(std::path::absolute(&*folder)?)
        });
        made.await.map_err(io::Error::other)?
    }
}

impl UploadedFile {
    /// Takes what came next.
    pub async fn append(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.file.write_all(chunk).await?;
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of the content, in hexadecimal.
    pub(super) fn digest(&self) -> String {
        hexadecimal(self.hash.clone())
    }

    /// Writes the content to `output`.
    pub(super) async fn copy_to(&mut self, output: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        self.file.flush().await?;
        self.file.seek(SeekFrom::Start(0)).await?;
        tokio::io::copy(&mut self.file, output).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_came_in_pieces_is_given_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Uploads::within(folder.path()).begin("a.txt".to_owned()).await.unwrap();
        for piece in ["a", "", "bc"] {
            file.append(piece.as_bytes()).await.unwrap();
        }
        for _ in 0..2 {
            let mut output = Vec::new();
            file.copy_to(&mut output).await.unwrap();
            assert_eq!(output, b"abc");
        }
        // FIPS 180-4, the example "abc".
        assert_eq!(file.digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(file.bytes(), 3);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
