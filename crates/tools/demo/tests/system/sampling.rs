//! What sampling keeps, and what metrics made of spans say before and after it. The services' own
//! metrics count every request: they are the truth.

use std::process::Output;

use testkit::{Metrics, eventually};
use tokio::process::Command;

use crate::demo::Demo;
use crate::support::PROGRAM;

/// Seven rolls in a hundred fail: one in ten of the risky die and every second of the extreme one.
const TARGETS: [&str; 3] = [
    "7*{}/roll?die=fair",
    "2*{}/roll?die=risky",
    "1*{}/roll?die=extreme",
];

/// What a span of a server shows as an error. On a busy machine, not only dice fail.
const ERRORS: [&str; 3] = [r#"status="500""#, r#"status="503""#, r#"status="504""#];

/// Requests to the frontend: all, and those that it answered with an error.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rolls {
    all: f64,
    failed: f64,
}

impl Rolls {
    fn share(self) -> f64 {
        self.failed / self.all
    }
}

/// One run under load.
#[derive(Debug)]
struct Seen {
    /// By the frontend's own metrics.
    truth: Rolls,
    /// By spans before tail sampling, and after it.
    before: Rolls,
    after: Rolls,
    /// Spans that the services exported, and those that are stored.
    exported: f64,
    stored: f64,
    /// Bytes of the exported spans.
    bytes: f64,
    /// Traces on which tail sampling has not decided.
    undecided: f64,
}

#[tokio::test]
async fn without_sampling_metrics_of_spans_count_every_roll() {
    let demo = Demo::start(&["--no-traffic"]).await;
    let seen = load(&demo, "all traces").await;
    assert_eq!((seen.before, seen.after), (seen.truth, seen.truth));
    assert_eq!(seen.stored, seen.exported);
}

#[tokio::test]
async fn sampling_at_the_head_loses_errors_in_proportion() {
    let demo = Demo::start(&["--no-traffic", "--head-sampling=0.1"]).await;
    let seen = load(&demo, "head 10 %").await;
    // With 480 rolls, 14 to 96 are seven standard deviations.
    let kept = seen.before.all / seen.truth.all;
    assert!((0.03..0.2).contains(&kept), "{seen:?}");
    assert!(seen.before.failed < seen.truth.failed / 2.0, "{seen:?}");
}

#[tokio::test]
async fn sampling_at_the_tail_keeps_errors_and_only_metrics_made_before_it_stay_true() {
    let demo = Demo::start(&["--no-traffic", "--tail-sampling"]).await;
    let seen = load(&demo, "tail").await;
    assert_eq!(seen.before, seen.truth);
    assert_eq!(seen.after.failed, seen.truth.failed, "{seen:?}");
    assert!(seen.after.share() > 2.0 * seen.truth.share(), "{seen:?}");
    assert!(seen.stored < seen.exported / 2.0, "{seen:?}");
}

/// A trace that is not kept is no loss, if the flag says that there are such traces.
#[tokio::test]
async fn reconcile_knows_that_not_every_trace_is_kept() {
    let demo = Demo::start(&["--no-traffic", "--tail-sampling"]).await;
    let sampled = reconcile(&demo, &["--tail-sampling"]).await;
    let said = String::from_utf8_lossy(&sampled.stdout);
    assert!(sampled.status.success(), "{said}");
    assert!(
        said.contains("traces were not kept: sampling is on"),
        "{said}"
    );
    println!("{said}");
}

/// Rolls of others have no spans, and their counts would look like rolls that were counted twice.
#[tokio::test]
async fn reconcile_and_the_doctor_know_of_sampling_at_the_head() {
    let demo = Demo::start(&["--head-sampling=0"]).await;
    let sampled = reconcile(&demo, &["--head-sampling=0"]).await;
    let said = String::from_utf8_lossy(&sampled.stdout);
    assert!(sampled.status.success(), "{said}");
    let said = doctor(&demo, &["--head-sampling=0"]).await;
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}");
    assert!(text.contains("not kept  "), "{text}");
    let said = doctor(&demo, &[]).await;
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(!said.status.success(), "{text}");
    assert!(text.contains("the trace is not in Tempo"), "{text}");
}

/// Rolls at 60 a second for 8 s, and then reads all counts.
async fn load(demo: &Demo, mode: &str) -> Seen {
    let mut load = Command::new(PROGRAM);
    load.args([
        "service",
        "traffic-gen",
        "load",
        "--quiet",
        "--seed=3",
        "--warm-up=0s",
    ]);
    load.args([
        "--rate=60",
        "--duration=8s",
        "--connections=200",
        "--otel-disabled",
    ]);
    load.args(TARGETS.map(|target| target.replace("{}", &demo.url(2, ""))));
    // Rolls that fail on purpose make it fail.
    let output = load.output().await.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    last_roll(demo).await;
    let seen = eventually("all traces to be decided on", || async {
        let seen = look(demo).await;
        (seen.undecided == 0.0).then_some(seen)
    })
    .await;
    print(mode, &seen);
    seen
}

/// Services export in order: when the spans of this roll have arrived, all earlier ones have. Its caller
/// has decided that it is sampled.
async fn last_roll(demo: &Demo) {
    let id = "0af7651916cd43dd8448eb211c80319c";
    let request = testkit::client().get(demo.url(2, "/roll?die=fair"));
    let request = request.header("traceparent", format!("00-{id}-b7ad6b7169203331-01"));
    request.send().await.expect("an answer");
    demo.trace(id, "the spans of the last roll", |spans| spans.len() == 7)
        .await;
}

async fn look(demo: &Demo) -> Seen {
    let scrape = async |port| Metrics::scrape(&demo.url(port, "/metrics")).await;
    let (dice, roller, frontend) = (scrape(0).await, scrape(1).await, scrape(2).await);
    let tempo = scrape(4).await;
    let roll = r#"handler="/roll""#;
    let truth = Rolls {
        all: frontend.sum("http_requests_total", &[roll]),
        failed: ERRORS
            .map(|status| frontend.sum("http_requests_total", &[roll, status]))
            .iter()
            .sum(),
    };
    let calls = |sampling: &str| {
        let server = [r#"service="frontend""#, r#"span_kind="server""#, sampling];
        let failed = [&server[..], &[r#"status_code="error""#]].concat();
        Rolls {
            all: tempo.sum("mini_tempo_calls_total", &server),
            failed: tempo.sum("mini_tempo_calls_total", &failed),
        }
    };
    let all = |name: &str, labels: &[&str]| -> f64 {
        let services = [&dice, &roller, &frontend];
        services
            .map(|metrics| metrics.sum(name, labels))
            .iter()
            .sum()
    };
    Seen {
        truth,
        before: calls(r#"sampling="before""#),
        after: calls(r#"sampling="after""#),
        exported: all("telemetry_spans_total", &[r#"outcome="exported""#]),
        stored: tempo.value("mini_tempo_spans_stored", &[]),
        bytes: all("telemetry_span_bytes_total", &[]),
        undecided: tempo.value("mini_tempo_traces_undecided", &[]),
    }
}

fn print(mode: &str, seen: &Seen) {
    let rolls = seen.truth.all;
    let kept = seen.stored / seen.exported;
    println!(
        "{mode}: {rolls} rolls, {:.2} spans and {:.0} bytes a roll sent, {:.2} and {:.0} kept; {} of {} errors \
         kept; share of errors {:.1} % in truth, {:.1} % before sampling, {:.1} % after; rate {:.1} % and {:.1} %",
        seen.exported / rolls,
        seen.bytes / rolls,
        seen.stored / rolls,
        seen.bytes * kept / rolls,
        seen.after.failed,
        seen.truth.failed,
        100.0 * seen.truth.share(),
        100.0 * seen.before.share(),
        100.0 * seen.after.share(),
        100.0 * seen.before.all / rolls,
        100.0 * seen.after.all / rolls,
    );
}

async fn reconcile(demo: &Demo, own: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["service", "traffic-gen", "reconcile", "--quiet", "--seed=7"]);
    command.args(demo.urls());
    command.arg(format!("--tempo={}", demo.url(4, "")));
    command.arg(format!("--otlp-endpoint={}", demo.url(3, "")));
    command.args(own);
    command.output().await.expect("it runs")
}

async fn doctor(demo: &Demo, own: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("doctor").args(demo.urls());
    command.arg(format!("--tempo-url={}", demo.url(4, "")));
    command.arg("--patience=5s").args(own);
    command.output().await.expect("it runs")
}
