//! What each kind of answer counts as.

use std::sync::Mutex;
use std::time::Duration;

use axum::response::IntoResponse;

use crate::doors::{FrontDoor, batch, dice_roller, problem};
use crate::{gauge, listen, metrics, probe, probes};

#[tokio::test]
async fn failures_of_a_die_are_no_failures_of_the_system() {
    let prober = probe(&dice_roller().await, |_| ()).await;
    let seen = metrics(&prober, "rolls and failed rolls", |metrics| {
        let of = |die, outcome| probes(metrics, die, outcome);
        of("extreme", "die_error") >= 5.0
            && of("extreme", "success") >= 5.0
            && of("risky", "die_error") >= 1.0
            && of("fair", "success") >= 5.0
    })
    .await;
    for die in ["extreme", "fair", "risky"] {
        assert_eq!(gauge(&seen, "probe_success", die), 1.0, "{die}");
        assert!(gauge(&seen, "probe_duration_seconds", die) > 0.0, "{die}");
        for outcome in ["http_error", "invalid_answer", "timeout", "unreachable"] {
            assert_eq!(probes(&seen, die, outcome), 0.0, "{die}: {outcome}");
        }
    }
    assert_eq!(probes(&seen, "fair", "die_error"), 0.0);
}

#[tokio::test]
async fn without_batches_each_probe_is_one_roll() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let door = FrontDoor::open(|request| {
        SEEN.lock().expect("no panic").push(request.to_owned());
        r#"{"roll":4}"#.into_response()
    })
    .await;
    let prober = probe(&door.url, |config| {
        config.max_batch = "1".parse().expect("a size");
    })
    .await;
    let seen = metrics(&prober, "three rolls", |metrics| {
        gauge(metrics, "probe_die_window_rolls", "fair") >= 3.0
    })
    .await;
    assert!(probes(&seen, "fair", "success") >= 3.0);
    let requests = SEEN.lock().expect("no panic").clone();
    assert!(requests.contains(&"/roll?die=fair".to_owned()));
    assert!(
        !requests.iter().any(|it| it.contains("async")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn other_answers_are_failures_until_they_end() {
    let door = FrontDoor::open(|_| problem(503, "die-service is not available")).await;
    let prober = probe(&door.url, |_| ()).await;
    let fails = async |outcome: &str| {
        metrics(&prober, outcome, |metrics| {
            probes(metrics, "fair", outcome) >= 2.0
                && gauge(metrics, "probe_success", "fair") == 0.0
        })
        .await
    };
    fails("http_error").await;
    door.answers(|_| problem(500, "internal error; the log of this service has the cause"));
    fails("http_error").await;
    door.answers(|_| r#"{"rolls":[1,2,3]}"#.into_response());
    fails("invalid_answer").await;
    door.answers(|_| "<html>".into_response());
    fails("invalid_answer").await;
    door.answers(|_| batch(7));
    let seen = fails("invalid_answer").await;
    assert_eq!(probes(&seen, "fair", "success"), 0.0, "it has no face 7");
    door.answers(|_| batch(6));
    metrics(&prober, "success", |metrics| {
        probes(metrics, "fair", "success") >= 1.0 && gauge(metrics, "probe_success", "fair") == 1.0
    })
    .await;
}

#[tokio::test]
async fn a_missing_answer_is_a_timeout_or_unreachable() {
    // It takes connections and never answers.
    let (_listener, silent) = listen().await;
    let prober = probe(&silent, |config| {
        config.probe_timeout = Duration::from_millis(50);
    })
    .await;
    metrics(&prober, "timeouts", |metrics| {
        probes(metrics, "risky", "timeout") >= 2.0
            && gauge(metrics, "probe_success", "risky") == 0.0
            && gauge(metrics, "probe_duration_seconds", "risky") >= 0.05
    })
    .await;
    let prober = probe("http://127.0.0.1:1", |_| ()).await;
    metrics(&prober, "refused connections", |metrics| {
        probes(metrics, "risky", "unreachable") >= 2.0
    })
    .await;
}

#[tokio::test]
async fn the_dice_of_the_list_are_probed() {
    let door = FrontDoor::open(|request| match request {
        "/?" => r#"{"endpoints": {"/roll": "GET", "/api/dice": "GET"}}"#.into_response(),
        "/api/dice?" => r#"{"dice": [{"identifier": "golden",
            "specification": {"faces": [8], "error_rate": 0}}], "omitted": 3}"#
            .into_response(),
        _ => problem(503, "not now"),
    })
    .await;
    let prober = probe(&door.url, |_| ()).await;
    let seen = metrics(&prober, "the listed die", |metrics| {
        probes(metrics, "golden", "http_error") >= 1.0
    })
    .await;
    let of_others = seen.sum("probe_die_window_rolls", &["die=\"fair\""]);
    assert_eq!(of_others, 0.0);
    let names = seen.samples().iter().filter_map(|it| it.labels.get("die"));
    assert!(names.into_iter().all(|die| die == "golden"));
}
