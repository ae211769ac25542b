//! `/developers`: how to use the API, its reference rendered from the OpenAPI document, and the tables that
//! the code itself decides by.

use std::borrow::Cow;

use faxdroid_contract::credits::TEST_CARDS;
use faxdroid_contract::faxes::AttemptOutcome;
use faxdroid_contract::problem::ProblemCode;
use faxdroid_contract::test_numbers::TEST_NUMBERS;
use leptos::prelude::*;

use super::pay::spaced;
use crate::components::{PageHeading, Prose};
use crate::reference::{self, Answer, Body, Field, Group, OpenApi, Operation, Presence};

/// The developers' page.
#[component]
pub fn Developers() -> impl IntoView {
    let groups =
        use_context::<OpenApi>().and_then(|document| reference::read(&document.0)).unwrap_or_default();
    let contents = groups
        .iter()
        .map(|group| view! { <li><a href=format!("#{}", group_anchor(group)) class=CONTENT_LINK>{capitalized(&group.name)}</a></li> })
        .collect::<Vec<_>>();
    view! {
        <PageHeading
            title="Developers"
            lead="What this site does, your program can do. One REST API, JSON in and out, described by an OpenAPI document."
        />
        <div class="grid grid-cols-[minmax(0,1fr)] gap-10 lg:grid-cols-[13rem_minmax(0,1fr)]">
            <nav aria-label="On this page" class="lg:sticky lg:top-6 lg:max-h-[calc(100dvh-3rem)] lg:self-start lg:overflow-y-auto">
                <ul class="flex flex-wrap gap-x-4 gap-y-1 text-sm lg:flex-col lg:gap-y-1.5">
                    <li><a href="#start" class=CONTENT_LINK>"Getting started"</a></li>
                    <li><a href="#conventions" class=CONTENT_LINK>"Conventions"</a></li>
                    <li><a href="#test-numbers" class=CONTENT_LINK>"Test numbers"</a></li>
                    <li><a href="#test-cards" class=CONTENT_LINK>"Test cards"</a></li>
                    <li><a href="#outcomes" class=CONTENT_LINK>"Outcomes of a call"</a></li>
                    {contents}
                    <li><a href="#problems" class=CONTENT_LINK>"Problem codes"</a></li>
                </ul>
            </nav>
            <div class="grid grid-cols-[minmax(0,1fr)] gap-14">
                <Guide />
                <TestNumbers />
                <TestCards />
                <Outcomes />
                {groups.into_iter().map(|group| view! { <Operations group /> }).collect::<Vec<_>>()}
                <Problems />
            </div>
        </div>
    }
    .into_any()
}

const CONTENT_LINK: &str = "inline-block rounded py-0.5 text-muted hover:text-ink hover:underline";
const HEADING: &str = "font-display text-3xl font-semibold tracking-tight";
const TABLE_FRAME: &str = "mt-4 overflow-x-auto rounded-2xl border border-line bg-surface";
const CELL: &str = "px-4 py-2.5 text-left align-top";

fn group_anchor(group: &Group) -> String {
    format!("tag-{}", group.name.to_lowercase().replace(' ', "-"))
}

/// A name of a group as a heading.
fn capitalized(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}

/// Text of the document, where code stands between backticks as in Markdown.
fn with_code(text: &str) -> Vec<AnyView> {
    text.split('`')
        .enumerate()
        .map(|(place, part)| {
            let part = part.to_owned();
            if place % 2 == 1 {
                view! { <code class="font-mono text-[0.9em]">{part}</code> }.into_any()
            } else {
                part.into_any()
            }
        })
        .collect()
}

#[component]
fn Guide() -> impl IntoView {
    view! {
        <Prose>
            <h2 id="start">"Getting started"</h2>
            <p>"Five requests send a fax:"</p>
            <ul>
                <li><code>"POST /api/v1/sessions"</code>" signs in and sets the session cookie."</li>
                <li><code>"POST /api/v1/documents"</code>" uploads one or several files (multipart, field "<code>"files"</code>") and answers with the page count."</li>
                <li><code>"POST /api/v1/quotes"</code>" with document and number answers with destination, price and expected time. A quote is held for a while."</li>
                <li><code>"POST /api/v1/faxes"</code>" with the quote sets its price aside and sends."</li>
                <li><code>"GET /api/v1/faxes/{id}/events"</code>" reports every change until the fax is at its end."</li>
            </ul>
            <Example />
            <p>"The whole description is at "<a href="/api/openapi.json">"/api/openapi.json"</a>" (OpenAPI 3.1)."</p>
            <h2 id="conventions">"Conventions"</h2>
            <p>
                <strong>"Authentication. "</strong>
                "A session is a cookie (HttpOnly, Secure, SameSite=Lax). Programs keep it in a cookie jar. Requests that a browser sends from \
                 another site are refused with "<code>"cross_origin"</code>"."
            </p>
            <p>
                <strong>"Errors. "</strong>
                "Every answer that is not a success is a problem detail (RFC 9457, "<code>"application/problem+json"</code>") with a stable "
                <code>"code"</code>"; decide by that, not by the text. Problems of single fields are in "<code>"errors"</code>
                ", each with a JSON pointer."
            </p>
            <p>
                <strong>"Idempotency. "</strong>
                "Requests that create a fax need an "<code>"Idempotency-Key"</code>
                " header of 1 to 255 printable characters; a UUID is a good one. The same key with the same body gets the first answer again \
                 and sends nothing twice; with another body it is refused."
            </p>
            <p>
                <strong>"Lists. "</strong>
                "Newest first, "<code>"limit"</code>" rows (20 unless told, at most 100). When there is more, the answer has a "
                <code>"next_cursor"</code>": give it as "<code>"cursor"</code>" with the same filters."
            </p>
            <p>
                <strong>"Events. "</strong>
                "The event stream (text/event-stream) sends an event "<code>"fax"</code>
                " with the whole fax as JSON at once and after every change. Keep the highest "<code>"version"</code>
                " you have seen. Where a proxy does not let streams through, ask for the fax every few seconds instead."
            </p>
            <p>
                <strong>"Values. "</strong>
                "Amounts are integers in minor units with a currency. Times are RFC 3339 in UTC. Numbers are E.164. Identifiers are a prefix and \
                 a ULID, and sort by time of creation. New fields may appear in answers; unknown fields in requests are refused."
            </p>
        </Prose>
    }
    .into_any()
}

#[component]
fn Example() -> impl IntoView {
    const COMMANDS: &str = "curl -c jar -H 'Content-Type: application/json' \\
  -d '{\"email\":\"you@example.com\",\"password\":\"…\"}' $SITE/api/v1/sessions
curl -b jar -H 'Accept: application/json' -F files=@letter.pdf $SITE/api/v1/documents
curl -b jar -H 'Content-Type: application/json' \\
  -d '{\"document_id\":\"doc_…\",\"to\":\"+15005550001\"}' $SITE/api/v1/quotes
curl -b jar -H 'Content-Type: application/json' -H \"Idempotency-Key: $(uuidgen)\" \\
  -d '{\"quote_id\":\"quo_…\"}' $SITE/api/v1/faxes";
    view! {
        <pre
            tabindex="0"
            role="region"
            aria-label="Example"
            class="mt-4 overflow-x-auto rounded-xl bg-raised p-4 font-mono text-sm leading-relaxed"
        >
            {COMMANDS}
        </pre>
    }
    .into_any()
}

#[component]
fn TestNumbers() -> impl IntoView {
    view! {
        <section>
            <h2 id="test-numbers" class=HEADING>"Test numbers"</h2>
            <p class="mt-2 max-w-3xl text-muted">
                "On the simulated line, what a number does depends on the number alone. No call leaves the building; prices are as \
                 everywhere. Any other number receives every page."
            </p>
            <TwoColumns
                labelled_by="test-numbers"
                columns=("Number", "What the far end does")
                rows=TEST_NUMBERS
                    .iter()
                    .map(|row| (row.number.to_owned(), row.description))
                    .chain([("+15005552NNN".to_owned(), "Receives NNN pages of each call and hangs up.")])
                    .map(|(number, effect)| (number, effect.into()))
                    .collect()
            />
        </section>
    }
    .into_any()
}

#[component]
fn TestCards() -> impl IntoView {
    view! {
        <section>
            <h2 id="test-cards" class=HEADING>"Test cards"</h2>
            <p class="mt-2 max-w-3xl text-muted">"The payment sandbox takes these and no others. No money moves."</p>
            <TwoColumns
                labelled_by="test-cards"
                columns=("Card number", "What happens")
                rows=TEST_CARDS.iter().map(|(number, _, effect)| (spaced(number), (*effect).into())).collect()
            />
        </section>
    }
    .into_any()
}

#[component]
fn Outcomes() -> impl IntoView {
    view! {
        <section>
            <h2 id="outcomes" class=HEADING>"Outcomes of a call"</h2>
            <p class="mt-2 max-w-3xl text-muted">
                "What an attempt came to, in its field "<code class="font-mono text-[0.9em]">"outcome"</code>
                ". Beside it stand the cause of ITU-T Q.850 and the words of the fax protocol (ITU-T T.30), as far as the line has told them."
            </p>
            <TwoColumns
                labelled_by="outcomes"
                columns=("Outcome", "What it means, and what follows")
                rows=AttemptOutcome::ALL
                    .into_iter()
                    .map(|outcome| (outcome.as_str().to_owned(), format!("{} {}", outcome.explanation(), outcome.consequence()).into()))
                    .collect()
            />
        </section>
    }
    .into_any()
}

/// What can be typed, and what it does.
#[component]
fn TwoColumns(
    /// The id of the heading.
    labelled_by: &'static str,
    /// What the columns are called.
    columns: (&'static str, &'static str),
    /// The rows.
    rows: Vec<(String, Cow<'static, str>)>,
) -> impl IntoView {
    view! {
        <div class=TABLE_FRAME tabindex="0" role="region" aria-labelledby=labelled_by>
            <table class="w-full">
                <thead class="border-b border-line text-sm text-muted">
                    <tr><th scope="col" class=CELL>{columns.0}</th><th scope="col" class=CELL>{columns.1}</th></tr>
                </thead>
                <tbody>
                    {rows.into_iter().map(|(name, effect)| view! {
                        <tr class="border-b border-line last:border-0">
                            <th scope="row" class="px-4 py-2.5 text-left align-top font-mono text-sm font-medium whitespace-nowrap">{name}</th>
                            <td class=CELL>{effect}</td>
                        </tr>
                    }).collect::<Vec<_>>()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Problems() -> impl IntoView {
    view! {
        <section>
            <h2 id="problems" class=HEADING>"Problem codes"</h2>
            <p class="mt-2 max-w-3xl text-muted">"A code never changes its meaning. New ones may be added."</p>
            <div class=TABLE_FRAME tabindex="0" role="region" aria-labelledby="problems">
                <table class="w-full">
                    <thead class="border-b border-line text-sm text-muted">
                        <tr>
                            <th scope="col" class=CELL>"Code"</th>
                            <th scope="col" class=CELL>"Status"</th>
                            <th scope="col" class=CELL>"Meaning"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {ProblemCode::ALL.iter().map(|code| view! {
                            <tr id=code.as_str() class="border-b border-line last:border-0 target:bg-raised">
                                <th scope="row" class="px-4 py-2.5 text-left align-top font-mono text-sm font-medium">{code.as_str()}</th>
                                <td class="px-4 py-2.5 align-top tabular-nums">{code.status().to_string()}</td>
                                <td class=CELL>{code.title()}</td>
                            </tr>
                        }).collect::<Vec<_>>()}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Operations(
    /// The operations of one tag.
    group: Group,
) -> impl IntoView {
    let anchor = group_anchor(&group);
    let labelled_by = anchor.clone();
    view! {
        <section aria-labelledby=labelled_by>
            <h2 id=anchor class=HEADING>{capitalized(&group.name)}</h2>
            <div class="mt-4 grid gap-4">
                {group.operations.into_iter().map(|operation| view! { <OperationCard operation /> }).collect::<Vec<_>>()}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn OperationCard(
    /// One operation.
    operation: Operation,
) -> impl IntoView {
    let Operation { anchor, method, path, summary, description, parameters, bodies, answers } = operation;
    view! {
        <article id=anchor class="rounded-2xl border border-line bg-surface p-5 target:border-accent">
            <h3 class="font-mono text-base font-semibold wrap-anywhere">
                <span class="mr-2 rounded bg-accent/12 px-2 py-0.5 text-sm text-accent">{method}</span>
                {path}
            </h3>
            {(!summary.is_empty()).then(|| view! { <p class="mt-2">{with_code(&summary)}</p> })}
            {(!description.is_empty()).then(|| view! { <p class="mt-2 text-muted">{with_code(&description)}</p> })}
            {(!parameters.is_empty()).then(|| view! { <h4 class="mt-4 font-semibold">"Parameters"</h4><Fields fields=parameters /> })}
            {bodies.into_iter().map(|body| view! { <BodyFields body /> }).collect::<Vec<_>>()}
            <h4 class="mt-4 font-semibold">"Answers"</h4>
            <ul class="mt-1 grid gap-1">
                {answers.into_iter().map(|answer| view! { <AnswerLine answer /> }).collect::<Vec<_>>()}
            </ul>
        </article>
    }
    .into_any()
}

#[component]
fn BodyFields(
    /// A request body.
    body: Body,
) -> impl IntoView {
    view! {
        <h4 class="mt-4 font-semibold">"Body"</h4>
        <p class="text-sm text-muted">
            <code class="font-mono">{body.media_type}</code>
            {(!body.kind.is_empty()).then(|| format!(": {}", body.kind))}
        </p>
        <Fields fields=body.fields />
    }
    .into_any()
}

#[component]
fn AnswerLine(
    /// One answer.
    answer: Answer,
) -> impl IntoView {
    let Answer { status, description, kind, fields } = answer;
    let head = view! {
        <span class="font-mono text-sm font-semibold">{status}</span>
        " "
        {with_code(&description)}
        {(!kind.is_empty()).then(|| view! { <span class="text-muted">" ("{kind}")"</span> })}
    };
    if fields.is_empty() {
        return view! { <li>{head}</li> }.into_any();
    }
    view! { <li><details><summary class="cursor-pointer rounded">{head}</summary><Fields fields /></details></li> }.into_any()
}

#[component]
fn Fields(
    /// Parameters, or fields of a body.
    fields: Vec<Field>,
) -> impl IntoView {
    if fields.is_empty() {
        return ().into_any();
    }
    view! {
        <dl class="mt-1 mb-2 border-l-2 border-line pl-4">
            {fields.into_iter().map(|field| {
                let presence = match field.presence {
                    Presence::Required => "required",
                    Presence::Optional => "optional",
                };
                let note = match field.place.as_str() {
                    "" => format!("{}, {presence}", field.kind),
                    place => format!("{}, {place}, {presence}", field.kind),
                };
                view! {
                    <dt class="mt-2">
                        <code class="font-mono text-sm font-semibold">{field.name}</code>
                        <span class="ml-2 text-sm text-muted">{note}</span>
                    </dt>
                    <dd class="text-sm text-muted">{with_code(&field.description)}</dd>
                }
            }).collect::<Vec<_>>()}
        </dl>
    }
    .into_any()
}
