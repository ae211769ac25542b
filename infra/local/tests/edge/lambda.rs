use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faxdroid_local::function::Function;
use faxdroid_local::lambda::{Lambda, Program};
use serde_json::{Value, json};

/// A function in a few lines of shell: answers with its own process id, or does what the event says.
const FUNCTION: &str = r#"
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
  head=$(mktemp); event=$(curl -sS -D "$head" "$api/next") || exit 1
  id=$(tr -d '\r' <"$head" | sed -n 's/^lambda-runtime-aws-request-id: //ip'); rm -f "$head"
  case $event in
    *exit*) exit 3 ;;
    *sleep*) sleep 60 ;;
    *fail*) curl -sS -o /dev/null --data '{"errorMessage":"no","errorType":"Error"}' "$api/$id/error" ;;
    *) curl -sS -o /dev/null --data "{\"pid\":$$,\"name\":\"$AWS_LAMBDA_FUNCTION_NAME\",\"home\":\"${HOME-}\"}" "$api/$id/response" ;;
  esac
done
"#;

fn lambda(timeout: Duration, concurrency: usize) -> Arc<Lambda> {
    Arc::new(Lambda::new(Program {
        name: "renderer".to_owned(),
        command: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), FUNCTION.to_owned()],
        folder: std::env::temp_dir(),
        environment: Vec::new(),
        timeout,
        concurrency,
    }))
}

const PATIENT: Duration = Duration::from_secs(30);

async fn pid(lambda: &Lambda) -> u64 {
    lambda.invoke(&json!({})).await.unwrap()["pid"].as_u64().unwrap()
}

#[tokio::test]
async fn one_process_answers_one_event_after_the_other_and_sees_nothing_of_ours() {
    let lambda = lambda(PATIENT, 2);
    let answer = lambda.invoke(&json!({})).await.unwrap();
    assert_eq!((&answer["name"], &answer["home"]), (&json!("renderer"), &json!("")));
    let first = answer["pid"].as_u64().unwrap();
    assert_eq!((pid(&lambda).await, pid(&lambda).await), (first, first));
}

#[tokio::test]
async fn an_error_that_it_reports_is_an_error_and_the_process_stays() {
    let lambda = lambda(PATIENT, 1);
    let first = pid(&lambda).await;
    assert!(lambda.invoke(&json!("fail")).await.unwrap_err().to_string().contains("errorMessage"));
    assert_eq!(pid(&lambda).await, first);
}

#[tokio::test]
async fn a_process_that_ends_is_an_error_and_the_next_event_starts_another() {
    let lambda = lambda(PATIENT, 1);
    let first = pid(&lambda).await;
    assert!(lambda.invoke(&json!("exit")).await.unwrap_err().to_string().contains("Runtime exited"));
    assert_ne!(pid(&lambda).await, first);
}

#[tokio::test]
async fn one_that_says_nothing_in_time_is_given_up() {
    let lambda = lambda(Duration::from_secs(1), 1);
    let begin = Instant::now();
    assert!(lambda.invoke(&json!("sleep")).await.unwrap_err().to_string().contains("timed out"));
    assert!(begin.elapsed() < Duration::from_secs(30));
    pid(&lambda).await;
}

#[tokio::test]
async fn events_at_once_have_processes_of_their_own() {
    let lambda = lambda(PATIENT, 2);
    let both = futures::future::join_all((0..2).map(|_| pid(&lambda))).await;
    assert_ne!(both[0], both[1]);
    let many: Vec<Value> =
        futures::future::join_all((0..8).map(|_| async { lambda.invoke(&json!({})).await.unwrap() })).await;
    assert!(many.iter().all(|answer| both.contains(&answer["pid"].as_u64().unwrap())));
}
