//! The pages of a TIFF file as the modems see them: how many bytes each has, and where the file would end if the call
//! ended after it. Baseline TIFF 6.0, section 2: a header, and a chain of directories, one for each page.

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TiffPage {
    /// Bytes of the picture.
    pub(super) bytes: u64,
    /// Where the offset of the next page's directory stands; zero there ends the document.
    link: usize,
}

const STRIP_BYTE_COUNTS: u32 = 279;
const SHORT: u32 = 3;
/// No fax has so many pages; a chain that is longer runs in a circle.
const MOST_PAGES: usize = 10_000;

/// The pages in their order; `None` when this is not a TIFF file or it is damaged.
pub(super) fn read(tiff: &[u8]) -> Option<Vec<TiffPage>> {
    let order = ByteOrder::of(tiff)?;
    let mut pages = Vec::new();
    let mut directory = order.long(tiff, 4)?;
    while directory != 0 {
        let entries = usize::try_from(order.short(tiff, directory)?).ok()?;
        let mut bytes = 0;
        for entry in (0..entries).map(|entry| directory + 2 + entry * 12) {
            if order.short(tiff, entry)? == STRIP_BYTE_COUNTS {
                bytes = strip_bytes(order, tiff, entry)?;
            }
        }
        let link = directory + 2 + entries * 12;
        pages.push(TiffPage { bytes, link });
        directory = order.long(tiff, link)?;
        if pages.len() > MOST_PAGES {
            return None;
        }
    }
    Some(pages)
}

/// The same file, ending after `last`.
pub(super) fn ending_after(tiff: &[u8], last: TiffPage) -> Vec<u8> {
    let mut cut = tiff.to_vec();
    if let Some(link) = cut.get_mut(last.link..last.link + 4) {
        link.fill(0);
    }
    cut
}

fn strip_bytes(order: ByteOrder, tiff: &[u8], entry: usize) -> Option<u64> {
    let width = if order.short(tiff, entry + 2)? == SHORT { 2 } else { 4 };
    let count = order.long(tiff, entry + 4)?;
    // Values that fit into four bytes stand in the entry itself.
    let values = if count * width <= 4 { entry + 8 } else { order.long(tiff, entry + 8)? };
    let mut sum = 0;
    for position in (0..count).map(|index| values + index * width) {
        let value =
            if width == 2 { order.short(tiff, position)? as usize } else { order.long(tiff, position)? };
        sum += value as u64;
    }
    Some(sum)
}

#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    fn of(tiff: &[u8]) -> Option<Self> {
        match tiff.get(..4)? {
            b"II*\0" => Some(Self::Little),
            b"MM\0*" => Some(Self::Big),
            _ => None,
        }
    }

    fn short(self, tiff: &[u8], at: usize) -> Option<u32> {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(u32::from(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }))
    }

    fn long(self, tiff: &[u8], at: usize) -> Option<usize> {
        let bytes: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
        .ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of so many pages that says of each how large it is, and holds no picture.
    pub(in crate::line) fn tiff_of(sizes: &[u32]) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0".to_vec();
        for (index, size) in sizes.iter().enumerate() {
            tiff.extend(1_u16.to_le_bytes());
            for field in [&279_u16.to_le_bytes()[..], &4_u16.to_le_bytes(), &1_u32.to_le_bytes()] {
                tiff.extend(field);
            }
            tiff.extend(size.to_le_bytes());
            let next = if index + 1 < sizes.len() { u32::try_from(tiff.len()).unwrap() + 4 } else { 0 };
            tiff.extend(next.to_le_bytes());
        }
        tiff
    }

    fn sizes(tiff: &[u8]) -> Vec<u64> {
        read(tiff).unwrap().iter().map(|page| page.bytes).collect()
    }

    #[test]
    fn every_page_is_seen_with_its_size() {
        assert_eq!(sizes(&tiff_of(&[100, 200, 300])), [100, 200, 300]);
    }

    #[test]
    fn a_file_that_ends_early_holds_the_pages_before() {
        let tiff = tiff_of(&[100, 200, 300]);
        let second = read(&tiff).unwrap()[1];
        assert_eq!(sizes(&ending_after(&tiff, second)), [100, 200]);
    }

    #[test]
    fn what_is_no_tiff_file_or_runs_in_a_circle_is_refused() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"%PDF-1.7"), None);
        let mut circle = tiff_of(&[100]);
        let end = circle.len();
        circle[end - 4..].copy_from_slice(&8_u32.to_le_bytes());
        assert_eq!(read(&circle), None);
    }
}
