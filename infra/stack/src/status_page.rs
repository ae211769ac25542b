//! The page that shows every component, and what one may do to some of them.

use std::sync::Arc;

use axum::extract::{Form, Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use crate::components::{self, Component, Health};
use crate::servers::AppServer;
use crate::shape::Shape;
use crate::telephones::MACHINE;

const STYLE: &str = "
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; --up: light-dark(#067647, #47cd89); --down: light-dark(#b42318, #fda29b); --quiet: light-dark(#475467, #98a2b3); }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid light-dark(#eaecf0, #344054); padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top; }
.up { color: var(--up); } .down { color: var(--down); font-weight: 600; } .absent, td.by { color: var(--quiet); }
form { display: inline-block; margin: 0 .5rem .5rem 0; } button, input { font: inherit; padding: .25rem .6rem; }
code { overflow-wrap: anywhere; }
@media (max-width: 40rem) { thead { display: none; } tr { display: block; padding: .5rem 0; border-bottom: 1px solid light-dark(#eaecf0, #344054); } td, tbody th { border: 0; display: inline; } td.by { display: block; } td:empty { display: none; } }
";

/// `own` is where it answers.
pub(crate) fn router(shape: Arc<Shape>, own: &str) -> Router {
    let own: Arc<str> = own.into();
    Router::new()
        .route("/", get(page))
        .route("/health", get(health))
        .route("/mail", get(mail))
        .route("/operator", get(async |State(shape): State<Arc<Shape>>| shape.operator.words()))
        .route("/servers/{number}/{action}", post(server))
        .route("/renderer/{action}", post(renderer))
        .route("/poller/run", post(poller))
        .route("/numbers", post(number))
        .route("/calls", post(call))
        .layer(middleware::from_fn(move |request, next| ours_alone(own.clone(), request, next)))
        .with_state(shape)
}

/// A form of another site that some page of the browser sends here.
async fn ours_alone(own: Arc<str>, request: Request, next: Next) -> Response {
    match request.headers().get(ORIGIN) {
        Some(origin) if origin.as_bytes() != own.as_bytes() => StatusCode::FORBIDDEN.into_response(),
        _ => next.run(request).await,
    }
}

/// A browser goes back to the page, a program is told.
fn done(headers: &HeaderMap, result: anyhow::Result<()>) -> Response {
    match result {
        Ok(()) if headers.contains_key(ORIGIN) => Redirect::to("/").into_response(),
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}

async fn page(State(shape): State<Arc<Shape>>) -> Response {
    let components = components::of(&shape).await;
    let content = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "FaxDroid on this machine" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "FaxDroid on this machine" }
                    p { "The site: " a href=(shape.site()) { (shape.site()) } " · " a href="/mail" { "mails" } " that nobody sends from here" }
                    (table(&components))
                    h2 { "What you may do to it" }
                    (controls(&shape))
                    h2 { "Release again" }
                    p { "After " code { "cargo leptos build --release" } " and " code { "cargo run --release -p faxdroid-edge --bin package" } ":" }
                    p { code { (shape.operator.words()) " release local NAME" } }
                }
            }
        }
    };
    ([(CACHE_CONTROL, "no-store")], Html(content.into_string())).into_response()
}

fn table(components: &[Component]) -> Markup {
    html! {
        table {
            thead { tr { th { "#" } th { "component" } th { "played by" } th { "now" } } }
            tbody {
                @for Component { number, name, played_by, health } in components {
                    tr {
                        td { @if let Some(number) = number { (number) } }
                        th scope="row" { (name) }
                        td.by { (played_by) }
                        @match health {
                            Health::Up(said) => td.up { "up: " (said) },
                            Health::Down(why) => td.down { "down: " (why) },
                            Health::Absent(why) => td.absent { "not here: " (why) },
                        }
                    }
                }
            }
        }
    }
}

fn controls(shape: &Shape) -> Markup {
    let button =
        |action: String, text: String| html! { form method="post" action=(action) { button { (text) } } };
    html! {
        div {
            @for number in 1..=shape.servers.len() {
                (button(format!("/servers/{number}/kill"), format!("Kill server {number}")))
                (button(format!("/servers/{number}/end"), format!("End server {number} in peace")))
                (button(format!("/servers/{number}/start"), format!("Start server {number}")))
            }
        }
        div {
            @if shape.renderer.is_failing() { (button("/renderer/mend".to_owned(), "Mend the renderer".to_owned())) }
            @else { (button("/renderer/fail".to_owned(), "Let the renderer fail".to_owned())) }
            (button("/poller/run".to_owned(), "Run the poller now".to_owned()))
        }
        form method="post" action="/numbers" {
            label { "Assign number " input name="number" value="+12025550199" required; }
            label { " to " input name="email" type="email" placeholder="customer@example.com" required; }
            " " button { "Assign" }
        }
        form method="post" action="/calls" {
            label { "A machine at " (MACHINE) " faxes two pages to " input name="number" value="+12025550199" required; }
            " " button { "Fax" }
        }
    }
}

/// 200 when everything that is played here is up.
async fn health(State(shape): State<Arc<Shape>>) -> Response {
    let components = components::of(&shape).await;
    let down = components.iter().any(|component| matches!(component.health, Health::Down(_)));
    let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, Json(components::json(&components))).into_response()
}

/// As any server lists them; they keep them together.
async fn mail(State(shape): State<Arc<Shape>>) -> Response {
    for server in &shape.servers {
        let Ok(answer) = shape.http.get(format!("http://{}/dev/mail", server.public)).send().await else {
            continue;
        };
        let Ok(text) = answer.text().await else { continue };
        return ([(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "text/html; charset=utf-8")], text)
            .into_response();
    }
    (StatusCode::BAD_GATEWAY, "no server answers").into_response()
}

async fn server(
    State(shape): State<Arc<Shape>>,
    Path((number, action)): Path<(usize, String)>,
    headers: HeaderMap,
) -> Response {
    let server: Option<&AppServer> = number.checked_sub(1).and_then(|index| shape.servers.get(index));
    let Some(server) = server else { return StatusCode::NOT_FOUND.into_response() };
    let result = match action.as_str() {
        "kill" => {
            server.kill();
            Ok(())
        }
        "end" => server.end().await,
        "start" => server.start().await,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    done(&headers, result)
}

async fn renderer(
    State(shape): State<Arc<Shape>>,
    Path(action): Path<String>,
    headers: HeaderMap,
) -> Response {
    match action.as_str() {
        "fail" => shape.renderer.set_failing(true),
        "mend" => shape.renderer.set_failing(false),
        _ => return StatusCode::NOT_FOUND.into_response(),
    }
    done(&headers, Ok(()))
}

async fn poller(State(shape): State<Arc<Shape>>, headers: HeaderMap) -> Response {
    shape.minute.run().await;
    done(&headers, Ok(()))
}

#[derive(Deserialize)]
struct Assignment {
    number: String,
    email: String,
}

async fn number(
    State(shape): State<Arc<Shape>>,
    headers: HeaderMap,
    Form(form): Form<Assignment>,
) -> Response {
    done(&headers, shape.assign_number(&form.number, &form.email).await)
}

#[derive(Deserialize)]
struct Call {
    number: String,
}

async fn call(State(shape): State<Arc<Shape>>, headers: HeaderMap, Form(form): Form<Call>) -> Response {
    done(&headers, shape.telephones.call(&form.number).await)
}
