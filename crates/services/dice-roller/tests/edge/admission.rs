//! More concurrent requests than the limit.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use testkit::{Process, eventually};

use crate::support::{Answer, ROLL, assert_healthy, crowd, request, say, start};

fn with_status(answers: &[Answer], status: u16) -> Vec<&Answer> {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .collect()
}

/// Rejections have a retry time, name the limit, and are counted.
async fn assert_rejected(process: &Process, refused: &[&Answer], limit: &str) {
    for answer in refused {
        assert!(answer.has("retry-after: 1"), "{}", answer.head);
        assert!(
            answer.has("content-type: application/json"),
            "{}",
            answer.head
        );
        let problem: Value = serde_json::from_str(&answer.body).expect("JSON");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(limit), "{limit} is not in {detail:?}");
    }
    let metrics = process.metrics().await;
    let rejected = metrics.sum("http_requests_rejected_total", &[]);
    let unavailable = metrics.sum("http_requests_total", &["status=\"503\""]);
    assert_eq!((rejected, unavailable), (refused.len() as f64, rejected));
}

#[tokio::test]
async fn every_reason_for_a_rejection_exists_before_the_first() {
    let process = start(&[]).await;
    let metrics = process.metrics().await;
    for reason in ["in_flight", "connections"] {
        let reason = format!("reason=\"{reason}\"");
        assert_eq!(
            metrics.value("http_requests_rejected_total", &[&reason]),
            0.0
        );
    }
    assert_eq!(metrics.value("http_handler_panics_total", &[]), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_limit_are_answered_at_once() {
    let process = start(&["--max-in-flight=20", "--roll-delay=2s"]).await;
    let over = AtomicBool::new(false);
    let watch = async {
        while !over.load(Ordering::Relaxed) {
            assert_healthy(&process).await;
        }
    };
    let roll = async {
        let answers = crowd(&process, 450, ROLL).await;
        over.store(true, Ordering::Relaxed);
        answers
    };
    let (answers, ()) = tokio::join!(roll, watch);
    let (rolled, refused) = (with_status(&answers, 200), with_status(&answers, 503));
    assert_eq!(
        rolled.len() + refused.len(),
        450,
        "other answers: {answers:?}"
    );
    assert!(
        rolled.len() >= 20 && !refused.is_empty(),
        "{} rolled",
        rolled.len()
    );
    assert_rejected(&process, &refused, "20 requests").await;
    eventually("all requests to be finished", || async {
        let metrics = process.metrics().await;
        (metrics.sum("http_requests_in_progress", &[]) == 0.0).then_some(())
    })
    .await;
    assert_eq!(
        crowd(&process, 20, ROLL)
            .await
            .iter()
            .map(|it| it.status)
            .max(),
        Some(200)
    );
    let rolls = process.metrics().await.sum("dice_rolls_total", &[]);
    assert_eq!(
        rolls,
        (rolled.len() + 20) as f64,
        "rejected requests do not roll"
    );
}

#[tokio::test]
async fn a_head_request_does_not_roll() {
    let process = start(&["--roll-delay=0s"]).await;
    for path in [ROLL, "/roll-async?die=fair&times=3"] {
        let answer = say(&process.address, &request("HEAD", path))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 405, "{path}");
        assert!(answer.has("allow: GET"), "{}", answer.head);
    }
    let metrics = process.metrics().await;
    for rolls in [
        "dice_rolls_total",
        "async_rolls_total",
        "async_roll_batch_size_count",
    ] {
        assert_eq!(metrics.sum(rolls, &[]), 0.0, "{rolls}");
    }
    for path in ["/healthz", "/metrics", "/openapi.json"] {
        let answer = say(&process.address, &request("HEAD", path))
            .await
            .expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
    }
}
