//! Office documents, told by what is in them. They become PDF in another program, which is asked by whoever converts.

use std::io::{Cursor, Read};

use serde::{Deserialize, Serialize};
use zip::ZipArchive;

use crate::kind::Kind;

/// A format of office programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfficeFormat {
    Docx,
    Xlsx,
    Pptx,
    Odt,
    Ods,
    Odp,
    Rtf,
    /// Word before 2007.
    Doc,
    Xls,
    Ppt,
}

/// An office document among the files of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeFile {
    /// Its place among the files, from 0.
    pub index: u32,
    pub format: OfficeFormat,
}

impl OfficeFormat {
    /// What names of such files end in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::Odt => "odt",
            Self::Ods => "ods",
            Self::Odp => "odp",
            Self::Rtf => "rtf",
            Self::Doc => "doc",
            Self::Xls => "xls",
            Self::Ppt => "ppt",
        }
    }
}

/// The streams of a compound file (MS-CFB) and what they make of it.
const STREAMS: [(&str, Kind); 5] = [
    ("EncryptedPackage", Kind::EncryptedOffice),
    ("WordDocument", Kind::Office(OfficeFormat::Doc)),
    ("Workbook", Kind::Office(OfficeFormat::Xls)),
    ("Book", Kind::Office(OfficeFormat::Xls)),
    ("PowerPoint Document", Kind::Office(OfficeFormat::Ppt)),
];
/// The first folder of an Office Open XML file's parts (ECMA-376, part 2).
const FOLDERS: [(&str, OfficeFormat); 3] =
    [("word/", OfficeFormat::Docx), ("xl/", OfficeFormat::Xlsx), ("ppt/", OfficeFormat::Pptx)];
/// OpenDocument 1.3, part 2, section 3.3; templates have the same beginning.
const MEDIA_TYPES: [(&str, OfficeFormat); 3] = [
    ("application/vnd.oasis.opendocument.text", OfficeFormat::Odt),
    ("application/vnd.oasis.opendocument.spreadsheet", OfficeFormat::Ods),
    ("application/vnd.oasis.opendocument.presentation", OfficeFormat::Odp),
];
/// A manifest has some hundred bytes for every part.
const MOST_OF_A_PART: u64 = 1024 * 1024;

pub(crate) fn of(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"{\\rtf") {
        Some(Kind::Office(OfficeFormat::Rtf))
    } else if bytes.starts_with(b"PK\x03\x04") {
        zipped(bytes)
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        compound(bytes)
    } else {
        None
    }
}

fn zipped(bytes: &[u8]) -> Option<Kind> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    if let Some(media_type) = part(&mut archive, "mimetype") {
        let (_, format) = MEDIA_TYPES.iter().find(|(known, _)| media_type.starts_with(known.as_bytes()))?;
        let manifest = part(&mut archive, "META-INF/manifest.xml").unwrap_or_default();
        let encrypted = contains(&manifest, b"encryption-data");
        return Some(if encrypted { Kind::EncryptedOffice } else { Kind::Office(*format) });
    }
    archive.index_for_name("[Content_Types].xml")?;
    let begins = |folder| archive.file_names().any(|name| name.starts_with(folder));
    FOLDERS.iter().find(|(folder, _)| begins(*folder)).map(|(_, format)| Kind::Office(*format))
}

/// The beginning of a part, as far as it can be unpacked.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let part = archive.by_name(name).ok()?;
    let _cut_off = part.take(MOST_OF_A_PART).read_to_end(&mut content);
    Some(content)
}

/// Entries of the directory of a compound file begin with their name, in UTF-16, at a multiple of 128 bytes.
fn compound(bytes: &[u8]) -> Option<Kind> {
    STREAMS.iter().find_map(|(name, kind)| {
        let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        bytes.chunks_exact(128).any(|entry| entry.starts_with(&name)).then_some(*kind)
    })
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn compound_with(stream: &str) -> Vec<u8> {
        let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        file.resize(640, 0);
        file.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
        file.resize(1024, 0);
        file
    }

    #[test]
    fn parts_tell_what_an_office_document_is() {
        let types = ("[Content_Types].xml", "<Types/>");
        for (folder, format) in [
            ("word/document.xml", OfficeFormat::Docx),
            ("xl/workbook.xml", OfficeFormat::Xlsx),
            ("ppt/presentation.xml", OfficeFormat::Pptx),
        ] {
            assert_eq!(of(&archive(&[types, (folder, "<x/>")])), Some(Kind::Office(format)));
        }
        for (media_type, format) in MEDIA_TYPES {
            assert_eq!(of(&archive(&[("mimetype", media_type)])), Some(Kind::Office(format)));
        }
        assert_eq!(of(b"{\\rtf1 Hello}"), Some(Kind::Office(OfficeFormat::Rtf)));
        assert_eq!(of(&compound_with("WordDocument")), Some(Kind::Office(OfficeFormat::Doc)));
        assert_eq!(of(&compound_with("PowerPoint Document")), Some(Kind::Office(OfficeFormat::Ppt)));
    }

    #[test]
    fn what_is_no_office_document_is_none() {
        for parts in [
            &[("holiday.jpg", "...")][..],
            &[("word/document.xml", "an archive of parts without their list")],
            &[("[Content_Types].xml", "something else in the same packaging")],
            &[("mimetype", "application/epub+zip")],
        ] {
            assert_eq!(of(&archive(parts)), None);
        }
        assert_eq!(of(b"PK\x03\x04 and no more"), None);
        assert_eq!(of(&compound_with("__properties_version1.0")), None, "a mail of Outlook");
    }

    #[test]
    fn encrypted_office_documents_are_told_from_damaged_ones() {
        let manifest = ("META-INF/manifest.xml", "<manifest:encryption-data/>");
        assert_eq!(of(&archive(&[("mimetype", MEDIA_TYPES[0].0), manifest])), Some(Kind::EncryptedOffice));
        assert_eq!(of(&compound_with("EncryptedPackage")), Some(Kind::EncryptedOffice));
    }
}
