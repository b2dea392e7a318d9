//! `load`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use testkit::eventually;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use crate::run::{Finished, interrupt, start, traffic_gen};
use crate::services::listen;
use crate::stand_in::StandIn;

/// Answers at once, except in a stall of one second that starts 1.5 s after the first request.
async fn stalling() -> String {
    let stall: Arc<Mutex<Option<Instant>>> = Arc::default();
    let answer = move || {
        let stall = Arc::clone(&stall);
        async move {
            let begin = *stall
                .lock()
                .await
                .get_or_insert_with(|| Instant::now() + Duration::from_millis(1500));
            let end = begin + Duration::from_secs(1);
            if (begin..end).contains(&Instant::now()) {
                sleep_until(end).await;
            }
            "fine"
        }
    };
    let (listener, url) = listen().await;
    let app = Router::new().route("/", get(answer));
    tokio::spawn(async { axum::serve(listener, app).await.expect("serves") });
    url
}

pub(crate) async fn load(url: &str, more: &[&str]) -> Finished {
    let mut arguments = vec!["load", "--warm-up=0s", "--json", "--quiet", url];
    arguments.extend(more);
    traffic_gen(&arguments).await
}

fn p99(finished: &Finished) -> f64 {
    latency(finished, "p99_ms")
}

fn latency(finished: &Finished, quantile: &str) -> f64 {
    let latency = &finished.json()["measured"]["latency"][quantile];
    latency.as_f64().expect("a number")
}

#[tokio::test]
async fn a_stall_shows_in_an_open_loop_and_hides_in_a_closed_one() {
    let closed = load(&stalling().await, &["--duration=4s", "--connections=2"]).await;
    let open = load(
        &stalling().await,
        &["--duration=4s", "--connections=2", "--rate=50"],
    )
    .await;
    // On a busy machine, requests that could not be sent on time count as failures.
    let measured = &open.json()["measured"];
    let results = &measured["targets"][0]["results"];
    assert_eq!(
        results["not sent"].as_u64().unwrap_or_default(),
        measured["failed"].as_u64().expect("a number"),
        "{open:?}"
    );
    // A quarter of the requests were due during the stall.
    assert!(p99(&open) > 800.0, "{}", open.json());
    // Two requests met it here, which are more than 1 % if a busy machine sends fewer than 200.
    let hidden = latency(&closed, "p95_ms");
    assert!(hidden < p99(&open) / 2.0, "{}", closed.json());
}

#[tokio::test]
async fn an_open_loop_keeps_its_rate() {
    let server = StandIn::start(|_| (200, "fine".to_owned())).await;
    let report = load(&server.url, &["--rate=100", "--duration=2s"])
        .await
        .json();
    assert_eq!(report["measured"]["answered"], 200, "{report}");
    assert_eq!(server.asked().len(), 200);
}

#[tokio::test]
async fn failures_are_counted_by_status() {
    let server = StandIn::start(|target| match target {
        "/broken" => (503, String::new()),
        _ => (200, "fine".to_owned()),
    })
    .await;
    let (fine, broken) = (
        format!("3*{}/fine", server.url),
        format!("{}/broken", server.url),
    );
    let finished = load(&fine, &[&broken, "--rate=200", "--duration=2s", "--seed=1"]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    let results = |target: usize, status: &str| {
        let results = &report["measured"]["targets"][target]["results"];
        results[status].as_u64().unwrap_or_default()
    };
    let (fine, broken) = (results(0, "200"), results(1, "503"));
    // On a busy machine, requests that could not be sent on time count as failures.
    let not_sent = results(0, "not sent") + results(1, "not sent");
    assert_eq!(fine + broken + not_sent, 400, "{report}");
    assert_eq!(report["measured"]["failed"], broken + not_sent);
    // One in four, within four standard deviations.
    assert!((65..135).contains(&broken), "{report}");
}

#[tokio::test]
async fn the_warm_up_is_not_measured() {
    let server = StandIn::start(|_| (200, "fine".to_owned())).await;
    let flags = ["--rate=100", "--warm-up=1s", "--duration=1s"];
    let mut arguments = vec!["load", "--json", &server.url];
    arguments.extend(flags);
    let report = traffic_gen(&arguments).await.json();
    let answered = report["measured"]["answered"].as_u64().expect("a number");
    assert!((98..=102).contains(&answered), "{report}");
    assert_eq!(server.asked().len(), 200);
}

#[tokio::test]
async fn the_highest_rate_is_below_what_the_server_can_do() {
    // One request at a time takes 10 ms, so at most 100/s.
    let turn: Arc<Mutex<()>> = Arc::default();
    let answer = move || {
        let turn = Arc::clone(&turn);
        async move {
            let _turn = turn.lock().await;
            sleep(Duration::from_millis(10)).await;
            "fine"
        }
    };
    let (listener, url) = listen().await;
    let app = Router::new().route("/", get(answer));
    tokio::spawn(async { axum::serve(listener, app).await.expect("serves") });
    let flags = [
        "--find-max",
        "--duration=1s",
        "--connections=16",
        "--max-p99=150ms",
    ];
    let finished = load(&url, &flags).await;
    let report = finished.json();
    assert_eq!(
        report["steps"].as_array().expect("steps").len(),
        6,
        "{report}"
    );
    let highest = report["highest_rate"].as_f64().expect("a rate was kept");
    assert!((1.0..100.0).contains(&highest), "{report}");
    assert_eq!(report["limited_by_connections"], false, "{report}");
}

/// Answers every request after `delay`, however many there are at once.
pub(crate) async fn slow(delay: Duration) -> String {
    let answer = move || async move {
        sleep(delay).await;
        "fine"
    };
    let (listener, url) = listen().await;
    let app = Router::new().route("/", get(answer));
    tokio::spawn(async { axum::serve(listener, app).await.expect("serves") });
    url
}

#[tokio::test]
async fn a_slow_server_sustains_a_rate() {
    let url = slow(Duration::from_millis(500)).await;
    let flags = ["--find-max", "--duration=1s", "--connections=16"];
    let finished = load(&url, &flags).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    // Sixteen connections carry two requests a second each.
    let highest = report["highest_rate"].as_f64().expect("a rate was kept");
    assert!((8.0..=33.0).contains(&highest), "{report}");
}

#[tokio::test]
async fn a_search_reports_that_its_connections_are_the_limit() {
    let url = slow(Duration::from_millis(300)).await;
    let flags = ["--find-max", "--duration=1s", "--connections=8"];
    let flags = [&["load", "--warm-up=0s", "--quiet", &url], &flags[..]].concat();
    // On a busy machine, a step may fail because its requests are sent late.
    eventually("a search that finds the limit", || async {
        let said = traffic_gen(&flags).await.stdout;
        said.contains("the limit is the 8 connections")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_overloaded_open_loop_ends_in_time_and_reports_unsent_requests() {
    // The server answers four requests a second of a hundred.
    let url = slow(Duration::from_millis(500)).await;
    let begin = Instant::now();
    let flags = ["--rate=100", "--duration=2s", "--connections=2"];
    let finished = load(&url, &flags).await;
    let took = begin.elapsed();
    // Sending all of them would take 50 s.
    assert!(took < Duration::from_secs(25), "{took:?}");
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let report = finished.json();
    let results = &report["measured"]["targets"][0]["results"];
    let count = |result: &str| results[result].as_u64().unwrap_or_default();
    assert_eq!(count("200") + count("not sent"), 200, "{report}");
    assert!((2..=12).contains(&count("200")), "{report}");
    assert_eq!(report["measured"]["failed"], count("not sent"));
    // Early requests were answered; late ones waited for nearly the whole two seconds.
    assert!(p99(&finished) > 1500.0, "{report}");
}

#[tokio::test]
async fn a_run_without_measurements_fails() {
    let server = StandIn::start(|_| (200, "fine".to_owned())).await;
    let child = start(&["load", "--warm-up=1h", "--rate=100", &server.url]);
    eventually("a request", || async {
        (!server.asked().is_empty()).then_some(())
    })
    .await;
    let finished = interrupt(child).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(!finished.stdout.contains(" ms"), "{finished:?}");
}

#[tokio::test]
async fn ctrl_c_ends_with_the_report_so_far() {
    let server = StandIn::start(|_| (200, "fine".to_owned())).await;
    let child = start(&[
        "load",
        "--warm-up=0s",
        "--duration=1h",
        "--rate=200",
        "--json",
        &server.url,
    ]);
    eventually("some requests", || async {
        (server.asked().len() > 50).then_some(())
    })
    .await;
    let finished = interrupt(child).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    assert_eq!(report["interrupted"], true);
    assert!(
        report["measured"]["answered"].as_u64() > Some(50),
        "{report}"
    );
}

/// `ulimit` as a shell has it, because a process cannot raise its hard limit again.
#[tokio::test]
async fn more_connections_than_open_files_are_rejected_with_both_numbers() {
    let program = env!("CARGO_BIN_EXE_traffic-gen");
    let line = format!("ulimit -n 200 && exec {program} load --connections 500 http://127.0.0.1:1");
    let mut shell = tokio::process::Command::new("sh");
    let output = shell.args(["-c", &line]).output().await.expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let said = "--connections 500 needs 532 open files, but the limit is 200";
    assert!(stderr.contains(said), "{stderr}");
}
