//! Measures renders in this process, from event to answer, and prints them as `edge/bench/bench.mjs` reads them: one line
//! of JSON for each path. The OpenAPI document is the first argument, the events of one path each the others.

use std::time::{Duration, Instant};

use faxdroid_edge::{Site, lambda, router};
use lambda_runtime::Error;
use serde_json::value::RawValue;

const WARM: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let openapi = std::fs::read_to_string(arguments.next().ok_or("which OpenAPI document?")?)?;
    let pages = router(Site::new(&openapi, Some("https://www.faxdroid.com")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for event in arguments {
        let event = RawValue::from_string(event)?;
        let render = || runtime.block_on(lambda::answer(&pages, &event, Default::default()));
        let bytes = render()?.get().len();
        for_a_while(WARM, render)?;
        let mut took = for_a_while(MEASURED, render)?;
        took.sort_unstable();
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let total: Duration = took.iter().sum();
        println!(
            "{}",
            serde_json::json!({
                "bytes": bytes,
                "perSecond": took.len() as f64 / total.as_secs_f64(),
                "p50": at(0.5),
                "p99": at(0.99),
            })
        );
    }
    Ok(())
}

fn for_a_while<T>(
    time: Duration,
    mut render: impl FnMut() -> Result<T, Error>,
) -> Result<Vec<Duration>, Error> {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let start = Instant::now();
        render()?;
        took.push(start.elapsed());
    }
    Ok(took)
}
