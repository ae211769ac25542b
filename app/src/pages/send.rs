//! `/send`: upload, check, send. Without scripts the steps are `?document=` and `?quote=`; with them the
//! island takes all steps in place, on these very forms.

use faxdroid_contract::calling_hours::CallingHours;
use faxdroid_contract::ids::{DocumentId, QuoteId};
use leptos::prelude::*;

use super::query::{draft, form_state};
use crate::components::field::{INPUT, LABEL};
use crate::components::{
    Alert, AlertKind, ButtonKind, ButtonLink, Field, FieldKind, FormMessages, FrameHeight, PANEL,
    PANEL_HEADING, PageHeading, PrivateFrame,
};
use crate::forms::FormState;
use crate::islands::SendFax;

const ERROR: &str = "mt-1.5 text-sm font-semibold text-danger empty:hidden";
const HINT: &str = "mt-1.5 text-sm text-muted";
const ACCEPT: &str = ".pdf,.png,.jpg,.jpeg,.tif,.tiff,.txt,.docx,.xlsx,.pptx,.odt,.ods,.odp,.rtf,.doc,.xls,.ppt,\
    application/pdf,image/png,image/jpeg,image/tiff,text/plain";

/// The page that sends.
#[component]
pub fn Send() -> impl IntoView {
    let form = form_state();
    let document: Option<DocumentId> = form.value("document").parse().ok();
    let quote: Option<QuoteId> = form.value("quote").parse().ok();
    let started = document.is_some() || quote.is_some();
    let previews = document.clone().map(|document| view! { <DocumentStep document /> });
    let chosen = draft(&form, &["document", "to", "resolution", "calling_hours"]);
    let confirm = quote.map(|quote| view! { <ConfirmStep quote chosen /> });
    view! {
        <PageHeading title="Send a fax" lead="Upload a document, check its pages, enter the number. You see the price before anything is sent." />
        <FormMessages
            state=form.clone()
            fields=&[("files", "Files"), ("cover_to", "To"), ("cover_from", "From"), ("cover_subject", "Subject"), ("cover_message", "Message"), ("to", "Fax number"), ("resolution", "Resolution")]
        />
        <div class="grid grid-cols-[minmax(0,1fr)] gap-6">
            <div id="account-needed" class="hidden session-out:block">
                <Alert kind=AlertKind::Info>
                    "Faxes are sent from an account: please "
                    <a href="/sign-in?next=/send" class="font-semibold text-accent underline underline-offset-2">"sign in"</a>
                    " or "
                    <a href="/sign-up" class="font-semibold text-accent underline underline-offset-2">"sign up"</a>
                    " first."
                </Alert>
            </div>
            <UploadStep form=form.clone() done=started />
            <div id="document-view" class="empty:hidden">{previews}</div>
            <NumberStep form document />
            <SendFax />
            <div id="quote-view" class="empty:hidden">{confirm}</div>
        </div>
    }
    .into_any()
}

#[component]
fn UploadStep(
    /// What the query says.
    form: FormState,
    /// Whether a document has been uploaded.
    done: bool,
) -> impl IntoView {
    let error = form.error_of("files");
    view! {
        <section id="upload-step" hidden=done aria-labelledby="upload-heading" class=PANEL>
            <h2 id="upload-heading" class=PANEL_HEADING>"Your document"</h2>
            <form
                id="upload"
                method="post"
                action="/api/v1/documents"
                enctype="multipart/form-data"
                class="rounded-xl border-2 border-dashed border-edge p-5 sm:p-10"
            >
                <CoverPage form=form.clone() />
                <label for="files" class=LABEL>"Files"</label>
                <input
                    id="files"
                    name="files"
                    type="file"
                    multiple=true
                    accept=ACCEPT
                    aria-describedby="files-error files-hint"
                    aria-invalid=error.is_some().then_some("true")
                    class="block w-full cursor-pointer rounded-lg text-sm file:mr-3 file:min-h-11 file:cursor-pointer file:rounded-lg file:border file:border-solid file:border-edge file:bg-surface file:px-4 file:text-base file:font-semibold file:text-ink"
                />
                <p id="files-error" role="alert" class=ERROR>{error}</p>
                <p id="files-hint" class=HINT>
                    "PDF, PNG, JPEG, TIFF, plain text or office documents; up to 20 files, 50 MB and 200 pages together."
                    <span class="hidden pointer-fine:scripts:inline">" You can also drop them here."</span>
                </p>
                <button id="upload-button" type="submit" class="mt-5 inline-flex min-h-11 cursor-pointer items-center justify-center rounded-lg bg-accent px-5 py-2 font-semibold text-on-accent hover:bg-accent-strong disabled:cursor-not-allowed disabled:opacity-60">"Upload"</button>
            </form>
        </section>
    }
    .into_any()
}

/// What stands on a page before the document; left empty there is none.
#[component]
fn CoverPage(
    /// What the query says.
    form: FormState,
) -> impl IntoView {
    let message_error = form.error_of("cover_message");
    let fields =
        [("cover_to", "To"), ("cover_from", "From"), ("cover_subject", "Subject")].map(|(name, label)| {
            view! { <Field name label kind=FieldKind::Text error=form.error_of(name) /> }
        });
    view! {
        <details id="cover" class="mb-5">
            <summary class="cursor-pointer font-semibold text-accent">"Add a cover page"</summary>
            <div class="mt-4 grid gap-4">
                {fields.into_iter().collect_view()}
                <div>
                    <label for="cover_message" class=LABEL>"Message"</label>
                    <textarea id="cover_message" name="cover_message" rows="4" maxlength="2000" class=INPUT></textarea>
                    <p id="cover_message-error" role="alert" class=ERROR>{message_error}</p>
                </div>
            </div>
        </details>
    }
    .into_any()
}

/// The document without scripts: its pages stand in a frame of the API.
#[component]
fn DocumentStep(
    /// The document.
    document: DocumentId,
) -> impl IntoView {
    view! {
        <section aria-labelledby="document-heading" class=PANEL>
            <h2 id="document-heading" class=PANEL_HEADING>"Your document"</h2>
            <p class="hidden text-muted scripts:block">"Loading\u{2026}"</p>
            <PrivateFrame src=format!("/api/v1/documents/{document}") title="Your document" height=FrameHeight::Much />
            <div class="mt-4"><ButtonLink kind=ButtonKind::Secondary href="/send">"Choose other files"</ButtonLink></div>
        </section>
    }
    .into_any()
}

#[component]
fn NumberStep(
    /// What the query says.
    form: FormState,
    /// The document to send, once there is one.
    document: Option<DocumentId>,
) -> impl IntoView {
    let error = form.error_of("to");
    let standard = form.value("resolution") == "standard";
    let office = CallingHours::OFFICE.to_string();
    let office_hours = form.value("calling_hours") == office;
    let hidden = document.is_none();
    let document = document.map(|document| document.to_string());
    view! {
        <section id="number-step" hidden=hidden aria-labelledby="number-heading" class=PANEL>
            <h2 id="number-heading" class=PANEL_HEADING>"Where to?"</h2>
            <form
                id="price"
                method="post"
                action="/api/v1/quotes"
                novalidate=true
                class="grid items-start gap-5 sm:grid-cols-[2fr_1fr]"
            >
                <input id="document_id" type="hidden" name="document_id" value=document />
                <div>
                    <label for="to" class=LABEL>"Fax number"</label>
                    <input
                        id="to"
                        name="to"
                        type="tel"
                        inputmode="tel"
                        autocomplete="off"
                        placeholder="+1 212 555 0100"
                        value=form.value("to")
                        aria-describedby="to-error to-hint"
                        aria-invalid=error.is_some().then_some("true")
                        class=INPUT
                    />
                    <p id="to-error" role="alert" class=ERROR>{error}</p>
                    <p id="to-hint" class=HINT>"With the country code, as in +1 212 555 0100."</p>
                </div>
                <div>
                    <label for="resolution" class=LABEL>"Resolution"</label>
                    <select id="resolution" name="resolution" class=INPUT>
                        <option value="fine">"Fine"</option>
                        <option value="standard" selected=standard>"Standard (faster)"</option>
                    </select>
                </div>
                <div>
                    <label for="calling_hours" class=LABEL>"When to call"</label>
                    <select id="calling_hours" name="calling_hours" aria-describedby="calling-hours-hint" class=INPUT>
                        <option value="">"As soon as possible"</option>
                        <option value=office.clone() selected=office_hours>"From 8:00 to 18:00 only"</option>
                    </select>
                    <p id="calling-hours-hint" class=HINT>"By the clock where the number is."</p>
                </div>
                <div class="sm:col-span-2"><button type="submit" class=ButtonKind::Secondary.class()>"Show the price"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// The last step without scripts: the quote stands in a frame of the API.
#[component]
fn ConfirmStep(
    /// The quote to accept.
    quote: QuoteId,
    /// What has been chosen before, for when it is not accepted.
    chosen: String,
) -> impl IntoView {
    view! {
        <section aria-labelledby="confirm-heading" class=PANEL>
            <h2 id="confirm-heading" class=PANEL_HEADING>"Ready to send"</h2>
            <PrivateFrame src=format!("/api/v1/quotes/{quote}") title="Price" />
            <form method="post" action="/api/v1/faxes" class="mt-4">
                <input id="quote_id" type="hidden" name="quote_id" value=quote.to_string() />
                <input type="hidden" name="draft" value=chosen />
                <p class="mb-4 text-muted">"The price is set aside from your credits. If the fax is not delivered, all of it returns."</p>
                <button type="submit" class=ButtonKind::Primary.class()>"Send this fax"</button>
            </form>
        </section>
    }
    .into_any()
}
