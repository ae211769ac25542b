//! Parts that pages and islands share. None of them keeps state.

pub mod alert;
pub mod button;
pub mod fax_sheet;
pub mod field;
pub mod form_messages;
pub mod next_field;
pub mod page_heading;
pub mod panel;
pub mod private_frame;
pub mod prose;
pub mod sign_in_first;
pub mod site_footer;
pub mod site_header;
pub mod status_badge;

pub use alert::{Alert, AlertKind};
pub use button::{Button, ButtonKind, ButtonLink};
pub use fax_sheet::FaxSheet;
pub use field::{Field, FieldError, FieldKind};
pub use form_messages::FormMessages;
pub use next_field::NextField;
pub use page_heading::PageHeading;
pub use panel::{FRAME_PANEL, PANEL, PANEL_HEADING, Panel};
pub use private_frame::{FrameHeight, PrivateFrame};
pub use prose::Prose;
pub use sign_in_first::SignInFirst;
pub use site_footer::SiteFooter;
pub use site_header::SiteHeader;
