//! What can be wrong with an uploaded file, told apart as far as the customer can do something about it.

use serde::{Deserialize, Serialize};

use crate::OfficeFile;

/// Why files did not become a fax.
///
/// `file` is the name the file was given by its sender, for the sentence that tells which one to replace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum DocumentError {
    /// No file at all, or a file of zero bytes.
    #[error("the file is empty")]
    Empty,
    /// The files are larger than [`Limits::max_bytes`](crate::Limits::max_bytes) together.
    #[error("the files are larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("more than {limit} files")]
    TooManyFiles { limit: u32 },
    #[error("more than {limit} pages")]
    TooManyPages { limit: u32 },
    /// The file is sound and has no page.
    #[error("the document has no pages")]
    NoPages,
    /// A document that opens with a password only.
    #[error("the document is protected by a password")]
    Encrypted,
    /// The file is of a type we know and damaged.
    #[error("{file} is damaged")]
    Unreadable { file: String },
    #[error("{file} is not a PDF, PNG, JPEG, TIFF, text or office file")]
    UnsupportedType { file: String },
    /// These of the files are office documents. Once another program has made PDFs of them, all can be converted.
    #[error("office documents are to become PDF first")]
    Office { files: Vec<OfficeFile> },
    /// A side is longer than `limit` pixels, or the area is as large as that makes unreasonable.
    #[error("an image in {file} is larger than {limit} pixels on a side")]
    ImageTooLarge { file: String, limit: u32 },
}
