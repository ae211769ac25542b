//! Office documents of one page or two, as small as their programs read them.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const OPEN_DOCUMENT: &str = "urn:oasis:names:tc:opendocument:xmlns";

/// A document of every format that is promised, with its name and how many pages it has.
pub(crate) fn documents() -> [(&'static str, Vec<u8>, u32); 5] {
    [
        ("letter.docx", docx(), 2),
        (
            "letter.odt",
            odt("<manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/>"),
            1,
        ),
        ("invoice.xlsx", xlsx(), 1),
        ("slides.pptx", pptx(), 1),
        ("letter.rtf", rtf(), 2),
    ]
}

pub(crate) fn rtf() -> Vec<u8> {
    br"{\rtf1\ansi\fs24 Dear Ms. Lovelace,\par thank you for your notes.\page A second page.}".to_vec()
}

pub(crate) fn docx() -> Vec<u8> {
    let body = r#"<w:p><w:r><w:t>Dear Ms. Lovelace,</w:t></w:r></w:p><w:p><w:r><w:br w:type="page"/></w:r></w:p>
        <w:p><w:r><w:t>A second page.</w:t></w:r></w:p>"#;
    let namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    let document = format!(r#"<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>"#);
    archive(&[
        ("[Content_Types].xml", &content_types(&[("word/document.xml", "wordprocessingml.document.main")])),
        ("_rels/.rels", &relationships(&[("officeDocument", "word/document.xml")])),
        ("word/document.xml", &document),
    ])
}

fn xlsx() -> Vec<u8> {
    let namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let workbook = format!(
        r#"<workbook xmlns="{namespace}" xmlns:r="{OFFICE}"><sheets><sheet name="Invoice" sheetId="1" r:id="r1"/></sheets></workbook>"#
    );
    let sheet = format!(
        r#"<worksheet xmlns="{namespace}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Cards</t></is></c>
        <c r="B1"><v>1815</v></c></row></sheetData></worksheet>"#
    );
    archive(&[
        (
            "[Content_Types].xml",
            &content_types(&[
                ("xl/workbook.xml", "spreadsheetml.sheet.main"),
                ("xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"),
            ]),
        ),
        ("_rels/.rels", &relationships(&[("officeDocument", "xl/workbook.xml")])),
        ("xl/workbook.xml", &workbook),
        ("xl/_rels/workbook.xml.rels", &relationships(&[("worksheet", "worksheets/sheet1.xml")])),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

fn pptx() -> Vec<u8> {
    let (main, drawing) = (
        "http://schemas.openxmlformats.org/presentationml/2006/main",
        "http://schemas.openxmlformats.org/drawingml/2006/main",
    );
    let presentation = format!(
        r#"<p:presentation xmlns:p="{main}" xmlns:r="{OFFICE}"><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>
        <p:sldSz cx="9144000" cy="6858000"/></p:presentation>"#
    );
    let slide = format!(
        r#"<p:sld xmlns:p="{main}" xmlns:a="{drawing}"><p:cSld><p:spTree>
        <p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>
        <p:sp><p:nvSpPr><p:cNvPr id="2" name="Title"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>
        <p:spPr><a:xfrm><a:off x="600000" y="600000"/><a:ext cx="8000000" cy="2000000"/></a:xfrm><a:prstGeom prst="rect"/></p:spPr>
        <p:txBody><a:bodyPr/><a:p><a:r><a:rPr sz="4000"/><a:t>Of engines</a:t></a:r></a:p></p:txBody></p:sp>
        </p:spTree></p:cSld></p:sld>"#
    );
    archive(&[
        (
            "[Content_Types].xml",
            &content_types(&[
                ("ppt/presentation.xml", "presentationml.presentation.main"),
                ("ppt/slides/slide1.xml", "presentationml.slide"),
            ]),
        ),
        ("_rels/.rels", &relationships(&[("officeDocument", "ppt/presentation.xml")])),
        ("ppt/presentation.xml", &presentation),
        ("ppt/_rels/presentation.xml.rels", &relationships(&[("slide", "slides/slide1.xml")])),
        ("ppt/slides/slide1.xml", &slide),
    ])
}

/// An OpenDocument text with these entries in its manifest.
pub(crate) fn odt(entries: &str) -> Vec<u8> {
    let media_type = "application/vnd.oasis.opendocument.text";
    let manifest = format!(
        r#"<manifest:manifest xmlns:manifest="{OPEN_DOCUMENT}:manifest:1.0" manifest:version="1.2">
        <manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>{entries}</manifest:manifest>"#
    );
    let content = format!(
        r#"<office:document-content xmlns:office="{OPEN_DOCUMENT}:office:1.0" xmlns:text="{OPEN_DOCUMENT}:text:1.0" office:version="1.2">
        <office:body><office:text><text:p>Dear Ms. Lovelace,</text:p></office:text></office:body></office:document-content>"#
    );
    archive(&[("mimetype", media_type), ("META-INF/manifest.xml", &manifest), ("content.xml", &content)])
}

fn content_types(parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().map(|(part, kind)| {
        format!(
            r#"<Override PartName="/{part}" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>"#
        )
    });
    format!(
        r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{}</Types>"#,
        parts.collect::<String>()
    )
}

fn relationships(targets: &[(&str, &str)]) -> String {
    let targets = targets.iter().zip(1..).map(|((kind, target), number)| {
        format!(r#"<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>"#)
    });
    format!(
        r#"<Relationships xmlns="{PACKAGE}/relationships">{}</Relationships>"#,
        targets.collect::<String>()
    )
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        // The media type of an OpenDocument file is not compressed.
        let method =
            if *name == "mimetype" { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
