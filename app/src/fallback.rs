//! The client-rendered build: what CloudFront serves at every address while the renderer fails. The same pages, made in the
//! browser, with the islands as plain components.

use leptos::mount::mount_to_body;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::location::RequestUrl;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

use crate::islands::listen;
use crate::routes::{self, App};

/// Shows the page at the browser's address.
#[wasm_bindgen(start)]
pub(crate) fn start() {
    let location = window().location();
    let mut path = location.pathname().unwrap_or_default();
    let mut address = format!("{path}{}", location.search().unwrap_or_default());
    // The answer to a form that the API could not take: error pages are for the whole distribution. The router reads the
    // browser's own address.
    if path.starts_with("/api/") {
        let replaced = window()
            .history()
            .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(routes::ERROR)));
        debug_assert!(replaced.is_ok());
        path = routes::ERROR.to_owned();
        address.clone_from(&path);
    }
    document().set_title(&routes::shown(&path).document_title());
    leave_links_to_the_browser();
    mount_to_body(move || {
        provide_context(RequestUrl::new(&address));
        App()
    });
    // Behind the effects of the islands, which have been queued by now.
    spawn_local(async {
        let root = document().document_element();
        let marked = root.map(|root| root.set_attribute("data-hydrated", ""));
        debug_assert!(matches!(marked, Some(Ok(()))));
    });
}

/// A link loads its page as on the rendered site: by then the renderer may work again. The router listens at the window.
fn leave_links_to_the_browser() {
    listen(&document(), "click", |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if target.is_some_and(|target| target.closest("a").is_ok_and(|link| link.is_some())) {
            event.stop_propagation();
        }
    });
}
