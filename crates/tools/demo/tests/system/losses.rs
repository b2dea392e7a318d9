//! Nothing finished is lost, and everything that is dropped is counted.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Instant;

use axum::Router;
use axum::routing::post;
use serde_json::Value;
use testkit::{AT_ONCE, Metrics, Process, becomes, eventually, get};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::{PROGRAM, System, collector, service, unused_url};

fn count(lines: &[Value], message: &str) -> usize {
    let of_message = lines.iter().filter(|line| line["message"] == message);
    of_message.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_no_finished_requests_span_or_line() {
    let system = System::start(&["--roll-delay=20ms"]).await;
    let url = system.frontend.url("/roll?die=fair");
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        let url = url.clone();
        clients.spawn(async move {
            let client = testkit::client();
            let mut finished = Vec::new();
            while let Ok(answer) = client.get(&url).send().await {
                let status = answer.status();
                let Ok(body) = answer.json::<Value>().await else {
                    break;
                };
                assert_eq!(status, 200, "{body}");
                finished.push(body["trace_id"].as_str().expect("an id").to_owned());
            }
            finished
        });
    }
    eventually("some load", || async {
        let served = system
            .frontend
            .metrics()
            .await
            .sum("http_requests_total", &[]);
        (served > 300.0).then_some(())
    })
    .await;
    let System {
        frontend,
        dice_roller,
        die_service,
        store,
        ..
    } = system;
    let mut lines = Vec::new();
    for process in [frontend, dice_roller, die_service] {
        let (status, written) = process.terminate().await;
        assert!(status.success(), "{status}");
        lines.extend(written);
    }
    let finished: BTreeSet<String> = clients.join_all().await.into_iter().flatten().collect();
    assert!(finished.len() > 250, "{} finished", finished.len());
    for trace in &finished {
        let spans = store
            .trace(trace.parse().expect("an id"))
            .expect("exported");
        assert_eq!(spans.spans().len(), 7, "{trace}");
    }
    for message in ["Dice roller answered", "Roll completed", "Die found"] {
        let told: BTreeSet<&str> = lines
            .iter()
            .filter(|line| line["message"] == message)
            .filter_map(|line| line["trace_id"].as_str())
            .collect();
        let missing: Vec<&String> = finished
            .iter()
            .filter(|trace| !told.contains(trace.as_str()))
            .collect();
        assert_eq!(missing, Vec::<&String>::new(), "no {message:?} line");
    }
}

#[tokio::test]
async fn without_a_collector_requests_are_served_and_the_loss_is_counted_and_logged_once() {
    let alone = service("die-service", &unused_url(), &["--span-batch-size=10"]).await;
    for _ in 0..100 {
        assert_eq!(get(&alone.url("/dice")).await.0, 200);
    }
    eventually("every span to be accounted for", || async {
        let failed = alone
            .metrics()
            .await
            .value("telemetry_spans_total", &["outcome=\"failed\""]);
        (failed == 100.0).then_some(())
    })
    .await;
    let start = Instant::now();
    let (status, lines) = alone.terminate().await;
    assert!(status.success() && start.elapsed() < AT_ONCE, "{status}");
    let warning = "Spans do not reach the collector: they are lost, see telemetry_spans_total";
    assert_eq!(count(&lines, warning), 1, "one for ten failed batches");
}

#[tokio::test]
async fn a_hanging_collector_slows_no_request_and_the_overflow_is_dropped_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!("http://{}", listener.local_addr().expect("bound"));
    let hang = Router::new().route("/v1/traces", post(std::future::pending::<()>));
    tokio::spawn(axum::serve(listener, hang).into_future());
    let flags = [
        "--span-queue-size=50",
        "--span-batch-size=10",
        "--otlp-timeout=600000",
    ];
    let service = service("die-service", &otlp, &flags).await;
    for _ in 0..200 {
        assert_eq!(get(&service.url("/dice")).await.0, 200);
    }
    let spans = async |outcome: &str| {
        let label = format!("outcome=\"{outcome}\"");
        let metrics = service.metrics().await;
        metrics.value("telemetry_spans_total", &[&label])
    };
    becomes("spans dropped, 50 wait and no more", 150.0, || {
        spans("dropped")
    })
    .await;
    assert_eq!(spans("exported").await + spans("failed").await, 0.0);
    let start = Instant::now();
    let (status, lines) = service.terminate().await;
    assert!(status.success() && start.elapsed() < AT_ONCE, "{status}");
    let warning = "Spans are being dropped: the queue is full, see telemetry_spans_total";
    assert_eq!(count(&lines, warning), 1);
    let given_up = "Spans were lost at shutdown: the collector is too slow";
    let told = lines
        .iter()
        .find(|line| line["message"] == given_up)
        .expect("told");
    assert_eq!(told["lost"], 50);
}

#[tokio::test]
async fn the_return_of_a_collector_is_logged_and_exports_resume() {
    let address = testkit::free_address();
    let service = service("die-service", &format!("http://{address}"), &[]).await;
    get(&service.url("/dice")).await;
    let warning = "Spans do not reach the collector: they are lost, see telemetry_spans_total";
    service.line_with(warning).await;
    let store = mini_tempo::Store::new(100);
    let listener = TcpListener::bind(address).await.expect("still free");
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    get(&service.url("/dice")).await;
    service.line_with("Spans reach the collector again").await;
    becomes("one span failed, one exported", [1.0, 1.0], || async {
        let metrics = service.metrics().await;
        let outcomes = ["outcome=\"failed\"", "outcome=\"exported\""];
        outcomes.map(|outcome| metrics.value("telemetry_spans_total", &[outcome]))
    })
    .await;
    assert_eq!(store.counters().spans_received, 1);
}

#[tokio::test]
async fn an_unread_standard_output_stops_no_request_and_its_lost_lines_are_counted() {
    let (_store, otlp) = collector().await;
    let address = testkit::free_address();
    let flags = [
        format!("--listen={address}"),
        format!("--otlp-endpoint={otlp}"),
    ];
    let mut child = tokio::process::Command::new(PROGRAM)
        .args(["service", "die-service", "--traces-exporter=none"])
        .args(&flags)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let metrics = format!("http://{address}/metrics");
    eventually("it to serve", || async {
        testkit::fetch(&metrics).await.ok()
    })
    .await;
    // About 25,000 lines may wait.
    let request = "GET /dice HTTP/1.1\r\nHost: dice\r\n\r\n";
    let last = request.replace("Host", "Connection: close\r\nHost");
    let requests = format!("{}{last}", request.repeat(999));
    for _ in 0..40 {
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        let (mut reader, mut writer) = stream.split();
        let mut answers = Vec::new();
        let (sent, received) = tokio::join!(
            writer.write_all(requests.as_bytes()),
            reader.read_to_end(&mut answers)
        );
        sent.and(received).expect("it reads and answers");
    }
    let metrics = Metrics::scrape(&metrics).await;
    assert_eq!(
        metrics.sum("http_requests_total", &["status=\"200\""]),
        40_000.0
    );
    let dropped = metrics.value(
        "telemetry_log_lines_dropped_total",
        &["reason=\"queue_full\""],
    );
    assert!(
        (10_000.0..20_000.0).contains(&dropped),
        "{dropped} of 40,000"
    );
    child.kill().await.expect("our own child");
}

#[tokio::test]
async fn ctrl_c_flushes_queued_spans() {
    let (store, otlp) = collector().await;
    let process: Process = service("die-service", &otlp, &["--span-delay=60000"]).await;
    get(&process.url("/dice")).await;
    assert_eq!(
        store.counters().spans_received,
        0,
        "the batch waits for a minute"
    );
    process.signal(nix::sys::signal::Signal::SIGINT);
    let (status, _) = process.ended().await;
    assert!(status.success(), "Ctrl-C is an orderly end: {status}");
    assert_eq!(store.counters().spans_received, 1);
}

#[tokio::test]
async fn text_written_by_a_client_is_cut_before_it_is_queued() {
    let (store, otlp) = collector().await;
    let process = service("die-service", &otlp, &[]).await;
    for (length, status) in [(10_000, 200), (100_000, 431)] {
        let agent = "x".repeat(length);
        let client = testkit::client_with(|it| it.user_agent(agent));
        let request = client.get(process.url("/dice"));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "a head of {length} bytes");
    }
    process.terminate().await;
    let traces = store.traces();
    let agent = traces[0].spans()[0].attribute("user_agent.original");
    let Some(mini_tempo::Value::Text(agent)) = agent else {
        panic!("{agent:?}");
    };
    assert_eq!(agent.len(), 1024);
}
