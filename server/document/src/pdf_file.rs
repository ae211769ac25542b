//! Fax pages as a PDF: each page is one picture, the very T.6 that is kept (ISO 32000-1, section 7.4.6).

use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};

use crate::Page;
use crate::geometry::{FINE_DPI, HORIZONTAL_DPI, PAGE_WIDTH};

const POINTS_TO_THE_INCH: f64 = 72.0;
const PICTURE: Name<'_> = Name(b"Fax");

pub(crate) fn write(pages: &[Page]) -> Vec<u8> {
    let mut numbers = (1..).map(Ref::new);
    let mut next = || numbers.next().unwrap_or(Ref::new(1));
    let (catalog, tree) = (next(), next());
    let leaves: Vec<_> = pages.iter().map(|page| (page, next(), next(), next())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(leaves.iter().map(|(_, leaf, ..)| *leaf)).count(pages.len() as i32);
    for (page, leaf, picture, content) in leaves {
        let width = (f64::from(PAGE_WIDTH) / HORIZONTAL_DPI * POINTS_TO_THE_INCH) as f32;
        let height = (f64::from(page.height) / FINE_DPI * POINTS_TO_THE_INCH) as f32;
        let mut dictionary = pdf.page(leaf);
        dictionary.media_box(Rect::new(0.0, 0.0, width, height)).parent(tree).contents(content);
        dictionary.resources().x_objects().pair(PICTURE, picture);
        dictionary.finish();

        let mut drawing = Content::new();
        drawing.save_state().transform([width, 0.0, 0.0, height, 0.0, 0.0]).x_object(PICTURE).restore_state();
        pdf.stream(content, &drawing.finish());

        let mut image = pdf.image_xobject(picture, &page.t6);
        image.width(PAGE_WIDTH as i32).height(page.height as i32).bits_per_component(1);
        image.color_space().device_gray();
        image.filter(Filter::CcittFaxDecode);
        image.decode_parms().k(-1).columns(PAGE_WIDTH as i32).rows(page.height as i32);
    }
    pdf.finish()
}

#[cfg(test)]
mod tests {
    use crate::bitmap::Bitmap;
    use crate::{FaxDocument, Limits, Page, SourceFile, convert};

    #[test]
    fn a_pdf_of_fax_pages_has_their_size_and_what_is_black_on_them() {
        let mut second = Bitmap::white(2_000);
        for y in 500..900 {
            for x in 300..700 {
                second.blacken(x, y);
            }
        }
        let document = FaxDocument::from_pages(vec![Page::of(&Bitmap::white(2_292)), Page::of(&second)]);
        let pdf = SourceFile { name: "fax.pdf".to_owned(), bytes: document.to_pdf().into() };
        let again = convert(&[pdf], None, &Limits::default()).unwrap();
        let heights: Vec<_> = again.pages().iter().map(Page::height).collect();
        assert!(heights[0].abs_diff(2_292) <= 2 && heights[1].abs_diff(2_000) <= 2, "{heights:?}");
        let black: Vec<usize> = again
            .pages()
            .iter()
            .map(|page| page.bitmap().unwrap().rows().flatten().map(|byte| byte.count_ones() as usize).sum())
            .collect();
        assert_eq!(black[0], 0);
        assert!(black[1].abs_diff(400 * 400) < 4_000, "{black:?}");
    }
}
