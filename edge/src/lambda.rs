//! One function for every way in which Lambda hands over an HTTP request: CloudFront's events, and by `lambda_http`
//! those of a load balancer, API Gateway's HTTP API and a function URL. The event's shape says which it is.

use axum::Router;
use axum::body::Body;
use lambda_http::{Adapter, Body as EventBody};
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::value::{RawValue, to_raw_value};
use tower::{Service, ServiceExt};

use crate::cloudfront;

/// Answers events until Lambda ends the environment.
///
/// # Errors
///
/// When the Runtime API cannot be reached.
pub async fn run(pages: Router) -> Result<(), Error> {
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let pages = &pages;
        async move { answer(pages, &event.payload, event.context).await }
    }))
    .await
}

/// Answers one event.
///
/// # Errors
///
/// When the event is none that carries an HTTP request. Lambda then counts an error and CloudFront shows its fallback.
pub async fn answer(pages: &Router, event: &RawValue, context: Context) -> Result<Box<RawValue>, Error> {
    if let Ok(event) = serde_json::from_str::<cloudfront::Event<'_>>(event.get()) {
        return Ok(to_raw_value(&cloudfront::answer(pages, &event).await?)?);
    }
    let request = serde_json::from_str(event.get())?;
    let mut adapter = Adapter::from(service_fn(|request: lambda_http::Request| {
        pages.clone().oneshot(request.map(into_body))
    }));
    let response = adapter.call(LambdaEvent::new(request, context)).await?;
    Ok(to_raw_value(&response)?)
}

fn into_body(body: EventBody) -> Body {
    match body {
        EventBody::Text(text) => Body::from(text),
        EventBody::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    }
}
