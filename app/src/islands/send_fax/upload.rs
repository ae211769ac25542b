//! The first step: files in, pages out.

use faxdroid_contract::documents::{Document, MAX_BYTES, MAX_FILES};
use faxdroid_contract::ids::DocumentId;
use faxdroid_contract::problem::ProblemCode;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DragEvent, FileList, FormData, HtmlInputElement, ProgressEvent, XmlHttpRequest};

use super::{Draft, HEADING, PANEL};
use crate::api::Failure;
use crate::components::ButtonKind;
use crate::components::field::LABEL;

const ACCEPT: &str =
    ".pdf,.png,.jpg,.jpeg,.tif,.tiff,.txt,application/pdf,image/png,image/jpeg,image/tiff,text/plain";

/// The form that takes files, by choice or by drop.
pub(super) fn upload_form(draft: Draft) -> AnyView {
    let percent = RwSignal::new(None::<u32>);
    let files = NodeRef::<leptos::html::Input>::new();
    let start = move || {
        if let Some(chosen) = files.get_untracked().and_then(|input| input.files()) {
            upload(draft, percent, &chosen);
        }
    };
    let on_drop = move |event: DragEvent| {
        event.prevent_default();
        if let Some(dropped) = event.data_transfer().and_then(|data| data.files()) {
            upload(draft, percent, &dropped);
        }
    };
    view! {
        <section aria-labelledby="upload-heading" class=PANEL>
            <h2 id="upload-heading" class=HEADING>"Your document"</h2>
            <form
                id="upload"
                method="post"
                action="/api/v1/documents"
                enctype="multipart/form-data"
                class="rounded-xl border-2 border-dashed border-edge p-6 sm:p-10"
                on:submit=move |event| {
                    event.prevent_default();
                    start();
                }
                on:dragover=move |event| event.prevent_default()
                on:drop=on_drop
            >
                <label for="files" class=LABEL>"Files"</label>
                <input
                    id="files"
                    name="files"
                    type="file"
                    multiple=true
                    accept=ACCEPT
                    node_ref=files
                    aria-describedby="files-error files-hint"
                    aria-invalid=move || (!draft.files_error.with(String::is_empty)).then_some("true")
                    class="block w-full cursor-pointer rounded-lg file:mr-4 file:min-h-11 file:cursor-pointer file:rounded-lg file:border file:border-solid file:border-edge file:bg-surface file:px-4 file:font-semibold file:text-ink"
                    on:change=move |_| start()
                />
                <p id="files-error" role="alert" class="mt-1.5 text-sm font-semibold text-danger">{draft.files_error}</p>
                <p id="files-hint" class="mt-1.5 mb-5 text-sm text-muted">
                    "PDF, PNG, JPEG, TIFF or plain text; up to 20 files, 50 MB and 200 pages together. You can also drop them here."
                </p>
                <button type="submit" class=ButtonKind::Primary.class() disabled=move || percent.with(Option::is_some)>
                    {move || match percent.get() {
                        None => "Upload".to_owned(),
                        Some(100) => "Making fax pages\u{2026}".to_owned(),
                        Some(percent) => format!("Uploading\u{2026} {percent} %"),
                    }}
                </button>
            </form>
        </section>
    }
    .into_any()
}

/// The uploaded document with a preview of every page.
pub(super) fn document_view(draft: Draft, id: DocumentId) -> AnyView {
    let again = move |_| {
        draft.quote.set(None);
        draft.failure.set(None);
        draft.details.set(None);
        draft.document.set(None);
    };
    let name = move || {
        draft.details.with(|details| {
            details.as_ref().map_or_else(String::new, |details| {
                let pages =
                    if details.pages == 1 { "1 page".to_owned() } else { format!("{} pages", details.pages) };
                format!("{}, {pages}", details.name)
            })
        })
    };
    view! {
        <section aria-labelledby="document-heading" class=PANEL>
            <div class="mb-4 flex flex-wrap items-center justify-between gap-3">
                <div>
                    <h2 id="document-heading" class="font-display text-2xl font-semibold tracking-tight">"Your document"</h2>
                    <p id="document-name" role="status" class="text-muted">{name}</p>
                </div>
                <a href="/send" class=ButtonKind::Secondary.class() on:click=move |event| { event.prevent_default(); again(event) }>
                    "Choose other files"
                </a>
            </div>
            <ol id="previews" class="flex gap-4 overflow-x-auto pb-3">
                {move || {
                    let resolution = draft.resolution.get();
                    (1..=draft.pages.get()).map(|number| preview(&Document::preview_path(&id, number, resolution), number)).collect::<Vec<_>>()
                }}
            </ol>
        </section>
    }
    .into_any()
}

fn preview(path: &str, number: u32) -> AnyView {
    view! {
        <li class="shrink-0">
            <a href=path.to_owned() target="_blank" class="block rounded">
                <img
                    src=path.to_owned()
                    alt=format!("Page {number} as it will be faxed")
                    loading="lazy"
                    class="h-72 w-56 rounded border border-line bg-white object-contain"
                />
            </a>
        </li>
    }
    .into_any()
}

pub(super) fn show_document(draft: Draft, details: Document) {
    draft.pages.set(details.pages);
    draft.document.set(Some(details.id.clone()));
    draft.details.set(Some(details));
}

/// What would be refused anyway is said before it is sent.
fn refusal(files: usize, bytes: f64) -> Option<ProblemCode> {
    if files > MAX_FILES {
        return Some(ProblemCode::DocumentTooManyFiles);
    }
    (bytes > MAX_BYTES as f64).then_some(ProblemCode::DocumentTooLarge)
}

/// With XMLHttpRequest, because fetch does not tell how much has been sent.
fn upload(draft: Draft, percent: RwSignal<Option<u32>>, files: &FileList) {
    if percent.get_untracked().is_some() {
        return;
    }
    let chosen: Vec<_> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    if let Some(code) = refusal(chosen.len(), chosen.iter().map(|file| file.size()).sum()) {
        return draft.files_error.set(code.title().to_owned());
    }
    if chosen.is_empty() {
        return draft.files_error.set(ProblemCode::Required.title().to_owned());
    }
    let Ok(form) = FormData::new() else { return };
    for file in &chosen {
        // Appending a file to a form has no way to fail.
        let _ = form.append_with_blob_and_filename("files", file, &file.name());
    }
    draft.files_error.set(String::new());
    draft.failure.set(None);
    percent.set(Some(0));
    if send(draft, percent, &form).is_err() {
        percent.set(None);
        draft.failure.set(Some(Failure::Unreachable));
    }
}

fn send(draft: Draft, percent: RwSignal<Option<u32>>, form: &FormData) -> Result<(), wasm_bindgen::JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("POST", "/api/v1/documents")?;
    request.set_request_header("Accept", "application/json")?;
    let on_progress = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
        percent.set(Some((event.loaded() / event.total().max(1.0) * 100.0) as u32));
    });
    let answered = request.clone();
    let on_end = Closure::<dyn Fn()>::new(move || {
        percent.set(None);
        finish(draft, &answered);
    });
    request.upload()?.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
    request.set_onloadend(Some(on_end.as_ref().unchecked_ref()));
    // Both are called until the request ends, and requests are few.
    on_progress.forget();
    on_end.forget();
    request.send_with_opt_form_data(Some(form))
}

fn finish(draft: Draft, request: &XmlHttpRequest) {
    let body = request.response_text().ok().flatten().unwrap_or_default();
    let succeeded = request.status().is_ok_and(|status| (200..300).contains(&status));
    if succeeded && let Ok(details) = serde_json::from_str(&body) {
        return show_document(draft, details);
    }
    clear_input();
    let failure = Failure::from_body(&body);
    if failure == Failure::Unreachable || failure.is(ProblemCode::Unauthenticated) {
        return draft.failure.set(Some(failure));
    }
    draft.files_error.set(failure.of_field("files").unwrap_or_else(|| failure.sentence()));
}

/// Choosing the same file again shall be a change again.
fn clear_input() {
    let input =
        document().get_element_by_id("files").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    if let Some(input) = input {
        input.set_value("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_refused_before_it_is_sent() {
        assert_eq!(refusal(20, MAX_BYTES as f64), None);
        assert_eq!(refusal(21, 1.0), Some(ProblemCode::DocumentTooManyFiles));
        assert_eq!(refusal(1, MAX_BYTES as f64 + 1.0), Some(ProblemCode::DocumentTooLarge));
    }
}
