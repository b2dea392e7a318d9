//! Work in progress when a service is stopped.

use mini_tempo::Status;
use nix::sys::signal::Signal;
use testkit::{Process, eventually};

use crate::support::{collector, service};

/// A batch of 20 whose client left after it had begun.
async fn abandoned_batch(otlp: &str, delay: &str) -> Process {
    let roller = service("dice-roller", otlp, &[delay]).await;
    let url = roller.url("/roll-async?die=fair&times=20");
    let client = tokio::spawn(testkit::fetch(url));
    roller.line_with("Async roll batch started").await;
    client.abort();
    let gone = ["status=\"499\"", "handler=\"/roll-async\""];
    eventually("the client to be gone", || async {
        let requests = roller.metrics().await.sum("http_requests_total", &gone);
        (requests > 0.0).then_some(())
    })
    .await;
    roller
}

fn count(lines: &[serde_json::Value], message: &str) -> usize {
    lines
        .iter()
        .filter(|line| line["message"] == message)
        .count()
}

#[tokio::test]
async fn a_batch_whose_client_has_left_is_awaited() {
    let (store, otlp) = collector().await;
    let roller = abandoned_batch(&otlp, "--roll-delay=3s").await;
    let (status, lines) = roller.terminate().await;
    assert!(status.success(), "{status}");
    assert_eq!(count(&lines, "Async roll completed"), 20, "{lines:?}");
    assert_eq!(count(&lines, "Async roll batch completed"), 1);
    let traces = store.traces();
    let spans = traces.iter().flat_map(|trace| trace.spans());
    let rolls = spans.filter(|span| span.name().starts_with("async_roll_"));
    let results = rolls.filter(|span| span.attribute("die.result").is_some());
    assert_eq!(results.count(), 20);
}

#[tokio::test]
async fn a_batch_that_takes_too_long_is_cut_off_and_logged() {
    let (store, otlp) = collector().await;
    let roller = abandoned_batch(&otlp, "--roll-delay=1h").await;
    let started = std::time::Instant::now();
    let (status, lines) = roller.terminate().await;
    assert!(status.success(), "{status}");
    assert!(started.elapsed() < testkit::DEADLINE, "the bound is 5 s");
    let cut = "Stopping: requests or background tasks were cut off";
    let line = lines.iter().find(|line| line["message"] == cut);
    // The batch itself and its rolls.
    assert_eq!(line.expect("a line about it")["background_tasks"], 21);
    assert_eq!(count(&lines, "Async roll batch failed"), 1, "{lines:?}");
    let traces = store.traces();
    let spans = traces.iter().flat_map(|trace| trace.spans());
    let mut cut = 0;
    for span in spans {
        if span.name().starts_with("async_roll_") || span.name() == "async roll batch" {
            assert_eq!(span.status(), Status::Error, "{}", span.name());
            cut += 1;
        }
    }
    assert_eq!(cut, 21);
}

#[tokio::test]
async fn an_idle_connection_and_half_a_head_do_not_delay_the_stop() {
    use tokio::io::AsyncWriteExt;
    let (_store, otlp) = collector().await;
    let roller = service("dice-roller", &otlp, &[]).await;
    let mut half = tokio::net::TcpStream::connect(&roller.address)
        .await
        .expect("connects");
    half.write_all(b"GET /roll?die=fair HTTP/1.1\r\nHost:")
        .await
        .expect("sends");
    let _idle = tokio::net::TcpStream::connect(&roller.address)
        .await
        .expect("connects");
    let client = testkit::client();
    client
        .get(roller.url("/healthz"))
        .send()
        .await
        .expect("an answer");
    roller.signal(Signal::SIGTERM);
    let (status, lines) = roller.ended().await;
    assert!(status.success(), "{status}");
    let cut = lines.iter().any(|line| {
        line["message"]
            .as_str()
            .is_some_and(|text| text.contains("cut off"))
    });
    assert!(!cut, "{lines:?}");
}
