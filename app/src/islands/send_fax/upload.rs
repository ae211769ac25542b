//! The first step: files in, pages out.

use faxdroid_contract::documents::{MAX_BYTES, MAX_FILES};
use faxdroid_contract::problem::ProblemCode;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DragEvent, FileList, FormData, HtmlInputElement, ProgressEvent, XmlHttpRequest};

use super::{Draft, focus, input, set_disabled, show_failure, show_field_error};
use crate::api::Failure;
use crate::decode::decode;
use crate::islands::listen;

/// Uploads what is chosen in the form or dropped on it.
pub(super) fn attend(draft: Draft) {
    let Some(form) = document().get_element_by_id("upload") else { return };
    listen(&form, "submit", move |event| {
        event.prevent_default();
        upload_chosen(draft);
    });
    listen(&form, "change", move |event| {
        let changed = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let files = changed.is_some_and(|input| input.id() == "files");
        // Whoever writes a cover page says himself when it is done.
        if files && !cover_is_open() {
            upload_chosen(draft);
        }
    });
    listen(&form, "dragover", |event| event.prevent_default());
    listen(&form, "drop", move |event| {
        event.prevent_default();
        let dropped = event.dyn_into::<DragEvent>().ok().and_then(|event| event.data_transfer()?.files());
        if let Some(files) = dropped {
            upload(draft, &files);
        }
    });
}

fn cover_is_open() -> bool {
    document().get_element_by_id("cover").is_some_and(|cover| cover.has_attribute("open"))
}

fn upload_chosen(draft: Draft) {
    if let Some(files) = input("files").and_then(|input| input.files()) {
        upload(draft, &files);
    }
}

/// What would be refused anyway is said before it is sent.
fn refusal(files: u32, bytes: f64) -> Option<ProblemCode> {
    if files == 0 {
        return Some(ProblemCode::Required);
    }
    if files as usize > MAX_FILES {
        return Some(ProblemCode::DocumentTooManyFiles);
    }
    (bytes > MAX_BYTES as f64).then_some(ProblemCode::DocumentTooLarge)
}

fn upload(draft: Draft, files: &FileList) {
    let chosen: Vec<_> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    if let Some(code) = refusal(files.length(), chosen.iter().map(|file| file.size()).sum()) {
        return show_field_error("files", code.title());
    }
    // The cover page is in the form, and the files may have been dropped beside it.
    let form = document().get_element_by_id("upload").and_then(|form| form.dyn_into().ok());
    let Some(Ok(form)) = form.map(|form| FormData::new_with_form(&form)) else { return };
    form.delete("files");
    for file in &chosen {
        // Appending a file to a form has no way to fail.
        let _ = form.append_with_blob_and_filename("files", file, &file.name());
    }
    show_field_error("files", "");
    super::show("send-failure", Vec::new());
    set_button("Uploading\u{2026}");
    set_disabled("upload-button", true);
    if send(draft, &form).is_err() {
        end(draft, 0, "");
    }
}

/// With XMLHttpRequest, because fetch does not tell how much has been sent.
fn send(draft: Draft, form: &FormData) -> Result<(), JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("POST", "/api/v1/documents")?;
    request.set_request_header("Accept", "application/json")?;
    listen(&request.upload()?.into(), "progress", |event| {
        let Ok(event) = event.dyn_into::<ProgressEvent>() else { return };
        match (event.loaded() / event.total().max(1.0) * 100.0) as u32 {
            100 => set_button("Making fax pages\u{2026}"),
            percent => set_button(&format!("Uploading\u{2026} {percent} %")),
        }
    });
    let answered = request.clone();
    let on_end = Closure::once_into_js(move || {
        let body = answered.response_text().ok().flatten().unwrap_or_default();
        end(draft, answered.status().unwrap_or_default(), &body);
    });
    request.set_onloadend(Some(on_end.unchecked_ref()));
    request.send_with_opt_form_data(Some(form))
}

fn end(draft: Draft, status: u16, body: &str) {
    set_button("Upload");
    set_disabled("upload-button", false);
    // Choosing the same file again shall be a change again.
    if let Some(input) = input("files") {
        input.set_value("");
    }
    if (200..300).contains(&status)
        && let Some(document) = decode(body)
    {
        draft.take_document(document);
        return focus("to");
    }
    let failure = Failure::from_body(body);
    if failure == Failure::Unreachable || failure.is(ProblemCode::Unauthenticated) {
        return show_failure(&failure);
    }
    show_field_error("files", &failure.of_field("files").unwrap_or_else(|| failure.sentence()));
}

fn set_button(text: &str) {
    super::write("upload-button", text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_or_nothing_is_refused_before_it_is_sent() {
        assert_eq!(refusal(20, MAX_BYTES as f64), None);
        assert_eq!(refusal(0, 0.0), Some(ProblemCode::Required));
        assert_eq!(refusal(21, 1.0), Some(ProblemCode::DocumentTooManyFiles));
        assert_eq!(refusal(1, MAX_BYTES as f64 + 1.0), Some(ProblemCode::DocumentTooLarge));
    }
}
