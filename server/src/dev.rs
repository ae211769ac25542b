//! Pages for developers: the mail that went nowhere and the faxes that nobody received. They exist only where mail and
//! line are the embedded ones.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use faxdroid_contract::ids::AttemptId;
use maud::{DOCTYPE, Markup, html};

use crate::app::App;
use crate::config::{LineKind, MailKind};

/// `/dev/mail` and `/dev/line`.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    match app.config.mail.kind {
        MailKind::Directory => router = router.route("/dev/mail", get(mail)),
        MailKind::Smtp => {}
    }
    match app.config.line.kind {
        LineKind::Simulated => {
            router = router.route("/dev/line", get(line)).route("/dev/line/{file}", get(received));
        }
        LineKind::Asterisk => {}
    }
    router.with_state(app)
}

fn page(title: &str, content: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width, initial-scale=1"; meta name="color-scheme" content="light dark"; title { (title) } }
            body { main { h1 { (title) } (content) } }
        }
    };
    ([(CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response()
}

fn failed(error: &std::io::Error) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "development_page_failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn mail(State(app): State<App>) -> Response {
    let messages = match app.mail_directory.list().await {
        Ok(messages) => messages,
        Err(error) => return failed(&error),
    };
    let content = html! {
        p { "Messages that a production server would send, the latest first." }
        @for message in &messages {
            article {
                h2 { (message.subject) }
                p { "To " (message.to) }
                @for line in message.text.lines() {
                    @if line.starts_with("http") { p { a href=(line) { (line) } } } @else { p { (line) } }
                }
            }
        }
    };
    page("Mail", content)
}

async fn line(State(app): State<App>) -> Response {
    let received = match app.far_end.list().await {
        Ok(received) => received,
        Err(error) => return failed(&error),
    };
    let content = html! {
        p { "What the far ends of the simulated telephone network received, the latest first." }
        ul {
            @for call in &received {
                li {
                    (call.to) ": " (call.pages_received) " of " (call.pages_sent) " pages from " (call.station_id) " "
                    a href={ "/dev/line/" (call.attempt_id) ".tiff" } { "TIFF" }
                    @for number in 1..=call.pages_received {
                        " " a href={ "/dev/line/" (call.attempt_id) "-" (number) ".png" } { "page " (number) }
                    }
                }
            }
        }
    };
    page("The far end of the line", content)
}

/// `<attempt>.tiff`, or `<attempt>-<page>.png`.
async fn received(State(app): State<App>, Path(file): Path<String>) -> Response {
    let (name, page) = match file.split_once(['.', '-']) {
        Some((name, "tiff")) => (name, None),
        Some((name, rest)) => match rest.strip_suffix(".png").and_then(|page| page.parse::<usize>().ok()) {
            Some(page) => (name, Some(page)),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    let Ok(attempt) = name.parse::<AttemptId>() else { return StatusCode::NOT_FOUND.into_response() };
    let tiff = match app.far_end.tiff(&attempt).await {
        Ok(Some(tiff)) => tiff,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return failed(&error),
    };
    let Some(page) = page else { return ([(CONTENT_TYPE, "image/tiff")], tiff).into_response() };
    let document = faxdroid_document::FaxDocument::from_tiff(&tiff).ok();
    let png = document.and_then(|document| {
        let page = document.pages().get(page.checked_sub(1)?)?;
        page.png(faxdroid_document::Resolution::Fine).ok()
    });
    match png {
        Some(png) => ([(CONTENT_TYPE, "image/png")], png).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
