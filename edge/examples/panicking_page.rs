//! The program of the package with a page that panics, for the tests of `runtime/`.

use faxdroid_edge::{Site, lambda, router};
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

fn main() -> Result<(), lambda_runtime::Error> {
    let site = Site::new("{}", None).with_document(|options| {
        let path = use_context::<RequestUrl>().map(|url| url.as_ref().to_owned()).unwrap_or_default();
        assert!(!path.contains("/pricing"), "on purpose");
        faxdroid_app::shell(options).into_any()
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(lambda::run(router(site)))
}
