//! More connections than the limit.

use testkit::eventually;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{
    ROLL, assert_healthy, crowd, get, read, request, silent, start, start_with_files,
};

/// A batch takes as long as the slowest of its 20 rolls.
const SLOW: &str = "/roll-async?die=fair&times=20";

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_beyond_the_limit_gets_a_short_answer() {
    let process = start(&["--max-connections=4", "--roll-delay=8s"]).await;
    let mut busy = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(&process.address)
            .await
            .expect("connects");
        stream
            .write_all(request("GET", SLOW).as_bytes())
            .await
            .expect("sends");
        busy.push(stream);
    }
    eventually("four batches to have begun", || async {
        let begun = process.lines_with("Async roll batch started");
        (begun.len() == 4).then_some(())
    })
    .await;
    let refused = get(&process.address, ROLL).await.expect("an answer");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(
        refused.has("retry-after: 1") && refused.has("connection: close"),
        "{refused:?}"
    );
    assert!(refused.body.contains("4 connections"), "{refused:?}");
    assert_healthy(&process).await;
    let metrics = get(&process.address, "/metrics").await.expect("an answer");
    let counted = "http_requests_rejected_total{reason=\"connections\"} 1";
    assert_eq!(metrics.status, 200);
    assert!(metrics.body.contains(counted), "{}", metrics.body);
    for stream in busy {
        assert_eq!(
            read(stream).await.expect("an answer").status,
            200,
            "the batch continues"
        );
    }
    assert_eq!(
        get(&process.address, ROLL).await.expect("an answer").status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_all_get_an_answer() {
    let flags = [
        "--max-connections=32",
        "--max-in-flight=16",
        "--roll-delay=100ms",
    ];
    let process = start(&flags).await;
    let answers = crowd(&process, 1200, ROLL).await;
    let others: Vec<_> = answers
        .iter()
        .filter(|it| !matches!(it.status, 200 | 503))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(answers.iter().filter(|it| it.status == 200).count() >= 16);
    let metrics = process.metrics().await;
    let refused = answers.iter().filter(|it| it.status == 503).count();
    assert_eq!(
        metrics.sum("http_requests_rejected_total", &[]),
        refused as f64
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_do_not_block_others() {
    let process = start(&["--max-connections=16"]).await;
    for text in ["", "GET /roll?die=fair HTTP/1.1\r\nHost: d"] {
        let _silent = silent(&process, 1000, text).await;
        for _ in 0..5 {
            assert_healthy(&process).await;
        }
    }
}

/// Each connection needs a file descriptor; the program reserves enough for its own needs.
#[tokio::test(flavor = "multi_thread")]
async fn few_file_descriptors_are_enough_for_health_and_rolls() {
    let process = start_with_files(64, &["--roll-delay=0s"]).await;
    eventually("a line about few connections", || async {
        let lines = process.lines();
        let few = lines.iter().find(|line| line["file_descriptors"] == 64)?;
        (few["level"] == "WARN" && few["max_connections"] == 512).then_some(())
    })
    .await;
    let _silent = silent(&process, 200, "").await;
    assert_healthy(&process).await;
    eventually("a roll", || async {
        let answer = get(&process.address, ROLL).await.ok()?;
        (answer.status == 200).then_some(())
    })
    .await;
    let (_, lines) = process.terminate().await;
    let errors = lines.iter().filter(|line| line["level"] == "ERROR").count();
    assert_eq!(errors, 0, "{lines:?}");
}
