//! Every page, rendered as the renderer does it.

use std::sync::Arc;

use faxdroid_app::routes::{self, Scripts};
use faxdroid_app::{CanonicalOrigin, ISLANDS_SCRIPT, OpenApi, SESSION_SCRIPT, shell};
use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

const OPEN_API: &str = r#"{"paths":{"/api/v1/health":{"get":{"tags":["Service"],"summary":"Whether the service is well.","responses":{"200":{"description":"It is."}}}}}}"#;

fn render(path_and_query: &str) -> String {
    let options = LeptosOptions::builder().output_name("faxdroid").build();
    Owner::new().with(|| {
        provide_context(RequestUrl::new(path_and_query));
        provide_context(OpenApi(Arc::from(OPEN_API)));
        provide_context(CanonicalOrigin(Arc::from("https://www.example.com")));
        shell(options).to_html()
    })
}

/// One address for each row of the table.
fn addresses() -> Vec<(&'static routes::Page, String)> {
    let id = |path: &str| {
        let prefix = match path {
            "/pay/{id}" => "chk",
            "/inbox/{id}" => "rcv",
            _ => "fax",
        };
        format!("{prefix}_01KAT5W8Z3M4Q6R7S8T9V0W1X2")
    };
    routes::PAGES.iter().map(|page| (page, page.path.replace("{id}", &id(page.path)))).collect()
}

/// The tags named `name`, from `<` to `>`.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!("<{name}");
    html.match_indices(&opening)
        .map(|(at, _)| &html[at..])
        .filter(|rest| rest[opening.len()..].starts_with([' ', '>']))
        .filter_map(|rest| rest.find('>').map(|end| &rest[..=end]))
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    rest.split('"').next()
}

#[test]
fn every_page_has_one_heading_and_says_what_it_is() {
    for (page, address) in addresses() {
        let html = render(&address);
        assert_eq!(tags(&html, "h1").len(), 1, "{address}");
        assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{address}");
        assert!(html.contains(&format!("<title>{}", page_title(page))), "{address}");
        assert!(html.contains("<meta name=\"description\""), "{address}");
        assert!(
            html.contains(&format!("<link rel=\"canonical\" href=\"https://www.example.com{address}\"")),
            "{address}"
        );
        assert_eq!(tags(&html, "main").len(), 1, "{address}");
    }
}

fn page_title(page: &routes::Page) -> String {
    if page.path == "/" { format!("FaxDroid: {}", page.title) } else { format!("{} · FaxDroid", page.title) }
}

#[test]
fn every_input_has_a_label() {
    for (_, address) in addresses() {
        let html = render(&address);
        for tag in ["input", "select", "textarea"].iter().flat_map(|name| tags(&html, name)) {
            if attribute(tag, "type") == Some("hidden") {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{address}: {tag}"));
            let labelled = tag.contains("aria-label=") || html.contains(&format!("for=\"{id}\""));
            assert!(labelled, "{address}: {tag}");
        }
    }
}

#[test]
fn no_id_stands_twice_on_a_page() {
    for (_, address) in addresses() {
        let html = render(&address);
        let mut ids: Vec<_> = html
            .match_indices(" id=\"")
            .filter_map(|(at, open)| html[at + open.len()..].split('"').next())
            .collect();
        ids.sort_unstable();
        for pair in ids.windows(2) {
            assert_ne!(pair[0], pair[1], "{address}");
        }
    }
}

#[test]
fn only_pages_with_islands_load_scripts() {
    for (page, address) in addresses() {
        let html = render(&address);
        let loads = page.scripts == Scripts::Islands;
        assert_eq!(html.contains("modulepreload"), loads, "{address}");
        assert_eq!(html.contains("<leptos-island"), loads, "{address}");
    }
}

#[test]
fn a_page_carries_no_script_or_style_but_those_that_can_be_hashed() {
    for (_, address) in addresses() {
        let html = render(&address);
        for (at, _) in html.match_indices("<script") {
            let text = html[at..]
                .split_once('>')
                .and_then(|(_, rest)| rest.split_once("</script>"))
                .map(|(text, _)| text);
            assert!(text == Some(SESSION_SCRIPT) || text == Some(ISLANDS_SCRIPT), "{address}: {text:?}");
        }
        assert!(!html.contains(" style=\"") && !html.contains("<style"), "{address}");
        assert!(!html.contains(" onclick=") && !html.contains(" nonce="), "{address}");
    }
}

#[test]
fn an_unknown_address_shows_the_page_for_it() {
    let html = render("/no/such/page");
    assert!(html.contains("There is no page at this address"));
    assert!(render("/faxes/nonsense").contains("There is no page at this address"));
}

#[test]
fn an_error_stands_beside_its_field_and_is_named_by_it() {
    let html = render("/sign-up?error=email:email_invalid&email=nobody");
    let input = tags(&html, "input").into_iter().find(|tag| attribute(tag, "name") == Some("email")).unwrap();
    assert_eq!(attribute(input, "aria-invalid"), Some("true"));
    assert_eq!(attribute(input, "value"), Some("nobody"));
    assert!(attribute(input, "aria-describedby").unwrap().contains("email-error"));
    assert!(html.contains("id=\"email-error\""));
    assert!(html.contains("href=\"#email\""));
}

#[test]
fn what_was_typed_comes_back_to_the_letter() {
    let html =
        render("/send?document=doc_01KAT5W8Z3M4Q6R7S8T9V0W1X2&to=%2B1+500%2525&error=to:number_invalid");
    let input = tags(&html, "input").into_iter().find(|tag| attribute(tag, "name") == Some("to")).unwrap();
    assert_eq!(attribute(input, "value"), Some("+1 500%25"));
}

#[test]
fn what_the_query_says_is_text_and_never_markup() {
    let html = render("/sign-in?email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&error=%3Cb%3E:email_invalid");
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("<b>"));
}

#[test]
fn the_calculator_answers_before_any_script() {
    let html = render("/pricing?country=MX&pages=5");
    assert!(html.contains("$1.00"));
}

#[test]
fn operations_and_problem_codes_are_in_the_reference() {
    let html = render("/developers");
    assert!(html.contains("Whether the service is well."));
    assert!(html.contains("id=\"quote_expired\""));
}

/// Writes the pages to a folder, to look at them: `FAXDROID_PAGES=folder cargo test -p faxdroid-app`.
#[test]
fn the_pages_can_be_written_to_a_folder() {
    let Some(folder) = std::env::var_os("FAXDROID_PAGES") else { return };
    for (page, address) in addresses() {
        let name = page.path.trim_matches('/').replace(['/', '{', '}'], "-");
        let name = if name.is_empty() { "index" } else { &name };
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), render(&address)).unwrap();
    }
}
