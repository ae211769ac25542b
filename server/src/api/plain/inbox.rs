//! The inbox as HTML.

use faxdroid_contract::listing::Page;
use faxdroid_contract::received_faxes::{Number, ReceivedFax};
use maud::{Markup, html};

use super::{Refresh, facts, page, page_count, table, time};
use crate::fax::number::display;

/// `older` leads to the faxes before these.
pub(crate) fn list(list: &Page<ReceivedFax>, numbers: &[Number], older: Option<String>) -> Markup {
    page(
        "Inbox",
        Refresh::Never,
        html! {
            @if numbers.is_empty() {
                p { "You have no fax number yet. Write to us, and we assign one to your account." }
            } @else {
                p { "Faxes to "
                    @for (place, number) in numbers.iter().enumerate() {
                        @if place > 0 { ", " }
                        strong { (number.number_display) }
                    }
                    " arrive here."
                }
            }
            @if list.data.is_empty() {
                p { "No fax has come in yet." }
            } @else {
                (table("Received faxes", &["From", "To", "Pages", "Received"], html! {
                    @for fax in &list.data {
                        tr {
                            td { a href={ "/inbox/" (fax.id) } { (sender(fax)) } }
                            td { (fax.to_display) }
                            td { @if fax.pages == 0 { "none arrived" } @else { (fax.pages) } }
                            td { (time(&fax.received_at)) }
                        }
                    }
                }))
            }
            @if let Some(older) = older { p { a href=(older) target="_self" { "Older faxes" } } }
        },
    )
}

pub(crate) fn fax(fax: &ReceivedFax) -> Markup {
    page(
        "Received fax",
        Refresh::Never,
        html! {
            p.lead { (fax.status.explanation()) }
            (facts(&[
                ("From", sender(fax)),
                ("The machine calls itself", fax.remote_station_id.clone().unwrap_or_else(|| "nothing".to_owned())),
                ("To", fax.to_display.clone()),
                ("Pages", page_count(fax.pages)),
                ("Received", time(&fax.received_at)),
            ]))
            @if fax.pages > 0 {
                p { a href=(ReceivedFax::pdf_path(&fax.id)) { "Download as PDF" } }
                ol.pages tabindex="0" aria-label="Pages" {
                    @for number in 1..=fax.pages {
                        @let image = ReceivedFax::page_path(&fax.id, number);
                        li {
                            a href=(image) target="_blank" {
                                img src=(image) alt={ "Page " (number) " as it came in" } loading="lazy";
                            }
                        }
                    }
                }
            } @else if let Some(status) = &fax.t30_status {
                p.quiet { "The line says: " (status) }
            }
            form method="post" action={ "/api/v1/received-faxes/" (fax.id) "/delete" } {
                button.danger type="submit" { "Delete this fax" }
            }
        },
    )
}

fn sender(fax: &ReceivedFax) -> String {
    fax.from.as_deref().map_or_else(|| fax.sender().to_owned(), display)
}
