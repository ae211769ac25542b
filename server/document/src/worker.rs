//! A conversion in a process of its own: what is said through its standard input and output.
//!
//! One process makes one conversion, so that nothing of a customer's file meets another's. Every message is its length
//! (four bytes, big-endian) and its postcard encoding: a [`Job`] and the bytes of its files one way, then [`Reply`]s, each page
//! as soon as it and those before it are done. A stream that ends without [`Reply::Done`] or [`Reply::Refused`] is a
//! process that died.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::geometry::LEGAL_ROWS;
use crate::{ConvertedPage, CoverPage, DocumentError, Limits, SourceFile, convert_each};

/// What is to be converted; the bytes of the files follow it, one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    pub files: Vec<JobFile>,
    pub limits: Limits,
    pub cover: Option<CoverPage>,
}

/// A file of a job.
#[derive(Debug, Serialize, Deserialize)]
pub struct JobFile {
    pub name: String,
    pub bytes: u64,
}

/// What the worker says.
#[derive(Serialize, Deserialize)]
pub enum Reply {
    Page(ConvertedPage),
    /// These files are no fax; the pages said before count for nothing.
    Refused(DocumentError),
    Done,
}

/// The largest message of a worker that is taken for one: a page of the worst pixels has about half of it.
pub const MAX_REPLY_BYTES: usize = 8 * 1024 * 1024;

impl Job {
    /// The message that opens a conversion, without the files' bytes.
    ///
    /// # Errors
    /// None with names of reasonable length.
    pub fn message(&self) -> io::Result<Vec<u8>> {
        framed(self)
    }
}

impl Reply {
    /// Reads a message without its length.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(message: &[u8]) -> io::Result<Self> {
        let reply = postcard::from_bytes(message).map_err(io::Error::other)?;
        match reply {
            // It would be decoded to as many rows as it says.
            Self::Page(made) if made.page.height() > LEGAL_ROWS => {
                Err(io::Error::other("no sheet is so long"))
            }
            reply => Ok(reply),
        }
    }
}

/// Makes the one conversion that `input` asks for.
///
/// # Errors
/// When the other side went away or said no job.
pub fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let mut message = vec![0; u32::from_be_bytes(length) as usize];
    input.read_exact(&mut message)?;
    let job: Job = postcard::from_bytes(&message).map_err(io::Error::other)?;
    let mut files = Vec::with_capacity(job.files.len());
    for file in job.files {
        let mut bytes = vec![0; usize::try_from(file.bytes).map_err(io::Error::other)?];
        input.read_exact(&mut bytes)?;
        files.push(SourceFile { name: file.name, bytes: bytes.into() });
    }
    let mut gone = None;
    let end = convert_each(&files, job.cover.as_ref(), &job.limits, &mut |page| {
        let said = framed(&Reply::Page(page)).and_then(|message| output.write_all(&message));
        said.map_err(|error| gone = Some(error)).is_ok()
    });
    if let Some(error) = gone {
        return Err(error);
    }
    let last = match end {
        Ok(()) => Reply::Done,
        Err(error) => Reply::Refused(error),
    };
    output.write_all(&framed(&last)?)?;
    output.flush()
}

fn framed(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = postcard::to_extend(message, vec![0; 4]).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - 4).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    Ok(bytes)
}
