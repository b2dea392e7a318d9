//! The faults of this service and of every service: on and off by a file, each shown by its signal.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use faults::{Fault, Flags};
use mini_tempo::Store;
use testkit::{FlagsFile, Process, assert_unnamed, becomes, eventually, get};
use tokio::net::TcpListener;

const FAIR: &str = "/dice?identifier=fair";

async fn start(flags: &FlagsFile, own: &[&str]) -> Process {
    let flag = flags.flag();
    let always = ["--listen=127.0.0.1:0", &flag];
    let program = env!("CARGO_BIN_EXE_die-service");
    Process::start(program, &[&always, own].concat()).await
}

async fn status(service: &Process) -> u16 {
    get(&service.url(FAIR)).await.0
}

#[tokio::test]
async fn a_share_of_the_requests_fails_until_it_is_switched_off() {
    let flags = FlagsFile::new();
    let service = start(&flags, &["--otel-disabled"]).await;
    assert_eq!(status(&service).await, 200, "without a file");
    flags.set(&[(Fault::FailingDieService, 1.0)]);
    becomes("the status", 503, || status(&service)).await;
    let (_, body) = get(&service.url("/dice")).await;
    assert_eq!(body["detail"], "the dice cannot be read; try again later");
    let errors = ["handler=\"/dice\"", "status=\"503\""];
    let metrics = service.metrics().await;
    assert!(metrics.sum("http_requests_total", &errors) >= 2.0);
    service.line_with("Dice cannot be read").await;
    flags.set(&[]);
    becomes("the status", 200, || status(&service)).await;
    flags.set(&[(Fault::FailingDieService, 1.0)]);
    becomes("the status", 503, || status(&service)).await;
    std::fs::remove_file(flags.path()).expect("it is there");
    becomes("the status without a file", 200, || status(&service)).await;
    assert_unnamed(&service).await;
}

#[tokio::test]
async fn a_fault_ends_with_the_lease_of_its_file() {
    let flags = FlagsFile::new();
    let service = start(&flags, &["--otel-disabled"]).await;
    let until = |seconds| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("a time after 1970").as_secs();
        let mut file = Flags::default();
        let on = file.switch_on(Fault::FailingDieService, Some(1.0));
        on.expect("an allowed strength");
        file.set_lease(Some(now + seconds));
        file.write(&flags.path()).expect("a folder of this test");
    };
    until(0);
    assert_eq!(status(&service).await, 200);
    until(3600);
    becomes("the status", 503, || status(&service)).await;
    until(1);
    becomes("the status after the lease", 200, || status(&service)).await;
}

#[tokio::test]
async fn answers_are_delayed_from_the_start_of_the_process() {
    const DELAY: f64 = 0.4;
    let flags = FlagsFile::new();
    let of_another_service = (Fault::FailingDiceRoller, 1.0);
    flags.set(&[(Fault::SlowDieService, DELAY), of_another_service]);
    let service = start(&flags, &["--otel-disabled"]).await;
    let took = || async {
        let start = Instant::now();
        assert_eq!(status(&service).await, 200);
        start.elapsed()
    };
    let delay = Duration::from_secs_f64(DELAY);
    assert!(took().await >= delay, "the first request");
    let sum = || async {
        let metrics = service.metrics().await;
        metrics.sum("http_request_duration_seconds_sum", &["handler=\"/dice\""])
    };
    assert!(sum().await >= DELAY);
    flags.set(&[]);
    eventually("an answer without delay", || async {
        (took().await < delay).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_malformed_file_changes_nothing_and_is_counted_and_logged_once() {
    const MESSAGE: &str = "The file of flags cannot be used; nothing changes";
    let flags = FlagsFile::new();
    flags.set(&[(Fault::FailingDieService, 1.0)]);
    let service = start(&flags, &["--otel-disabled"]).await;
    let failures = || async {
        let metrics = service.metrics().await;
        metrics.value("fault_flags_reload_failures_total", &[])
    };
    assert_eq!((status(&service).await, failures().await), (503, 0.0));
    flags.write("{\n  \"flags\": {\n    oops");
    becomes("failures", 1.0, failures).await;
    flags.write("{\n  \"flags\": {\n    oops ");
    becomes("failures", 2.0, failures).await;
    let line = service.line_with(MESSAGE).await;
    assert_eq!(line["error"], "line 3, column 5: key must be a string");
    assert_eq!(line["file"], flags.path().to_string_lossy().as_ref());
    assert_eq!(line["level"], "ERROR");
    assert_eq!(status(&service).await, 503, "it is still on");
    flags.write(r#"{"flags": {"slow-dye": {}}}"#);
    becomes("failures", 3.0, failures).await;
    let lines = || async { service.lines_with(MESSAGE).len() };
    becomes("lines, one for each error", 2, lines).await;
    let unknown = service.lines_with(MESSAGE).pop().expect("two lines");
    let error = unknown["error"].as_str().expect("text");
    assert!(error.contains("there is no fault \"slow-dye\"; the faults are slow-die-service, "));
    flags.set(&[]);
    becomes("the status", 200, || status(&service)).await;
    assert_eq!(failures().await, 3.0);
}

#[tokio::test]
async fn spans_fail_as_if_the_collector_were_gone() {
    let store = Store::new(mini_tempo::DEFAULT_MAX_SPANS);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    let flags = FlagsFile::new();
    let service = start(&flags, &[&otlp, "--span-delay=50"]).await;
    let rises = |outcome: &'static str| {
        let label = format!("outcome=\"{outcome}\"");
        let service = &service;
        async move {
            let spans = || async {
                service
                    .metrics()
                    .await
                    .value("telemetry_spans_total", &[&label])
            };
            let before = spans().await;
            eventually(outcome, || async {
                assert_eq!(status(service).await, 200, "requests do not notice");
                (spans().await > before).then_some(())
            })
            .await;
        }
    };
    rises("exported").await;
    flags.set(&[(Fault::DeadCollector, 1.0)]);
    rises("failed").await;
    let line = service
        .line_with("Spans do not reach the collector: they are lost, see telemetry_spans_total")
        .await;
    let unreachable = "Operation failed: HTTP export failed: network error";
    assert_eq!(line["error"], unreachable);
    flags.set(&[]);
    rises("exported").await;
    service.line_with("Spans reach the collector again").await;
    assert_unnamed(&service).await;
}

#[tokio::test]
async fn requests_that_continue_no_trace_are_counted() {
    let flags = FlagsFile::new();
    let service = start(&flags, &["--otel-disabled"]).await;
    let counted = || async {
        let metrics = service.metrics().await;
        metrics.value("http_requests_without_trace_context_total", &[])
    };
    assert_eq!(counted().await, 0.0);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (header, expected) in [(None, 1.0), (Some(parent), 1.0), (Some("nonsense"), 2.0)] {
        let mut request = testkit::client().get(service.url(FAIR));
        if let Some(header) = header {
            request = request.header("traceparent", header);
        }
        assert_eq!(request.send().await.expect("an answer").status(), 200);
        assert_eq!(counted().await, expected, "{header:?}");
    }
}
