//! `load`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use testkit::eventually;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use crate::run::{Finished, interrupt, start, traffic_gen};
use crate::services::listen;
use crate::stand_in::StandIn;

/// Answers at once, except for one second in which nothing is answered, 1.5 s after the first
/// request.
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

async fn load(url: &str, more: &[&str]) -> Finished {
    let mut arguments = vec!["load", "--warm-up=0s", "--json", "--quiet", url];
    arguments.extend(more);
    traffic_gen(&arguments).await
}

fn p99(finished: &Finished) -> f64 {
    let p99 = &finished.json()["measured"]["latency"]["p99_ms"];
    p99.as_f64().expect("a number")
}

#[tokio::test]
async fn a_stall_shows_in_an_open_loop_and_hides_in_a_closed_one() {
    let closed = load(&stalling().await, &["--duration=4s", "--connections=2"]).await;
    let open = load(
        &stalling().await,
        &["--duration=4s", "--connections=2", "--rate=200"],
    )
    .await;
    assert_eq!(open.code, Some(0), "{open:?}");
    // A quarter of the requests were due while nothing was answered.
    assert!(p99(&open) > 800.0, "{}", open.json());
    assert!(p99(&closed) < 200.0, "{}", closed.json());
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
    assert_eq!(fine + broken, 400, "{report}");
    assert_eq!(report["measured"]["failed"], broken);
    // One in four, give or take four standard deviations.
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
    // One request at a time, 10 ms each: 100/s at the most.
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
}

/// Writes the same bytes in answer to whatever each connection sends, and keeps it open or not.
async fn raw(answer: &'static [u8], is_kept: bool) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                while stream
                    .read(&mut request)
                    .await
                    .is_ok_and(|length| length > 0)
                {
                    let (first, rest) = answer.split_at(answer.len() / 2);
                    stream.write_all(first).await.expect("written");
                    tokio::task::yield_now().await;
                    stream.write_all(rest).await.expect("written");
                    if !is_kept {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn answers_are_read_to_their_end_however_it_is_marked() {
    let cases: [(&[u8], bool, &str); 7] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", true, "200"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n",
            true,
            "200",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n",
            true,
            "200",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", true, "204"),
        (
            b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            true,
            "200",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", false, "200"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx", false, "200"),
    ];
    for (answer, is_kept, status) in cases {
        let url = raw(answer, is_kept).await;
        let report = load(&url, &["--rate=100", "--duration=300ms"]).await.json();
        let results = &report["measured"]["targets"][0]["results"];
        let text = String::from_utf8_lossy(answer);
        assert_eq!(*results, json!({ status: 30 }), "{text}");
    }
}

#[tokio::test]
async fn answers_that_do_not_come_or_are_none_are_counted() {
    let cases: [(&[u8], &str); 3] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfine",
            "timeout",
        ),
        (b"", "timeout"),
    ];
    for (answer, reason) in cases {
        let url = raw(answer, true).await;
        let flags = ["--rate=20", "--duration=500ms", "--timeout=200ms"];
        let finished = load(&url, &flags).await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        let report = finished.json();
        let results = &report["measured"]["targets"][0]["results"];
        assert_eq!(*results, json!({ reason: 10 }), "{report}");
        assert_eq!(report["measured"]["failed"], 10);
    }
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
