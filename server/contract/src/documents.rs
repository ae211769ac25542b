//! Documents: what a customer uploaded, as the fax pages that will be sent.

use serde::{Deserialize, Serialize};

use crate::ids::DocumentId;

/// Largest upload, all files together, in bytes.
pub const MAX_BYTES: u64 = 50 * 1024 * 1024;
/// Most pages a fax may have.
pub const MAX_PAGES: u32 = 200;
/// Most files that may be sent together as one fax.
pub const MAX_FILES: usize = 20;
/// Most pixels an image may have on one side.
pub const MAX_IMAGE_SIDE: u32 = 20_000;

/// How finely a page is scanned (ITU-T T.4, section 2.2). Fine takes about twice as long on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// 204 × 98 dots per inch.
    Standard,
    /// 204 × 196 dots per inch.
    #[default]
    Fine,
}

impl Resolution {
    /// Rows to the inch.
    pub const fn vertical_dpi(self) -> u32 {
        match self {
            Self::Standard => 98,
            Self::Fine => 196,
        }
    }

    /// As it is written in JSON and in queries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fine => "fine",
        }
    }
}

/// `POST /api/v1/documents`, `GET /api/v1/documents/{id}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Document {
    pub id: DocumentId,
    /// The name of the first file.
    pub name: String,
    pub files: u32,
    pub pages: u32,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When the document is deleted unless it has been sent by then. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

impl Document {
    /// Where the preview of page `number` (from 1) is, as a PNG of the very bitmap that is sent.
    pub fn preview_path(id: &DocumentId, number: u32, resolution: Resolution) -> String {
        format!("/api/v1/documents/{id}/pages/{number}.png?resolution={}", resolution.as_str())
    }
}
