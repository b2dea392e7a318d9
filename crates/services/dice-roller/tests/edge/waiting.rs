//! Requests that never end, and connections without requests.

use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::support::{get, request, say, silent, start};

/// The limit of half a minute, with tolerance for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The documented limit is 30 s; closing at once would break keep-alive.
#[tokio::test(flavor = "multi_thread")]
async fn half_heads_and_idle_connections_are_closed_after_a_while() {
    let process = start(&[]).await;
    let kept = request("GET", "/healthz").replace("Connection: close\r\n", "");
    let texts = [
        "",
        "GET ",
        "GET /roll?die=fair HTTP/1.1\r\nHost: d\r\nX-Slow: ",
        &kept,
    ];
    let mut waiting = tokio::task::JoinSet::new();
    for text in texts {
        let mut stream = silent(&process, 1, text).await.remove(0);
        let start = Instant::now();
        waiting.spawn(async move {
            let mut answer = Vec::new();
            // A reset also closes the connection.
            let _ = timeout(TIMEOUT, stream.read_to_end(&mut answer))
                .await
                .expect("closed");
            start.elapsed()
        });
    }
    for waited in waiting.join_all().await {
        assert!(waited > Duration::from_secs(5), "closed after {waited:?}");
    }
}

#[tokio::test]
async fn http_1_1_requires_one_host() {
    let process = start(&[]).await;
    for (text, status) in [
        ("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        (
            "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
            200,
        ),
        ("GET /healthz HTTP/1.0\r\n\r\n", 200),
        ("GET /healthz\r\n\r\n", 400),
    ] {
        let answer = say(&process.address, text).await.expect("an answer");
        assert_eq!(answer.status, status, "{text:?}: {answer:?}");
        if status == 400 && text.contains("HTTP/1.1") {
            assert!(answer.body.contains("Host"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn heads_and_targets_that_are_too_long_are_rejected() {
    let process = start(&[]).await;
    let long = "x".repeat(60_000);
    let header = format!("GET /healthz HTTP/1.1\r\nHost: d\r\nX: {long}\r\n\r\n");
    for text in [
        &*header,
        &request("GET", &format!("/{long}")),
        &request(&long, "/"),
    ] {
        // The rest of the request may meet a closed connection.
        if let Ok(answer) = say(&process.address, text).await {
            assert!((400..500).contains(&answer.status), "{answer:?}");
        }
    }
    assert_eq!(
        get(&process.address, "/healthz")
            .await
            .expect("an answer")
            .status,
        200
    );
}
