//! What is seen on the fax page is what is in the file: every way of PDF, of pictures and of TIFF to say it.

mod pdf;
mod pdf_file;
mod pictures;
mod sheet;
mod text;
mod tiff;
