//! One roll, one trace: the contract's tree across three services.

use std::collections::BTreeSet;

use mini_tempo::{Kind, Span, Status, Trace, Value};
use testkit::{Process, get};

use crate::support::{PROGRAM, System};

/// Spans of one roll: frontend 2, dice-roller 4 and `roll`, die-service 1.
const ROLL_SPANS: usize = 7;

/// The span of `service` named `name`, which must exist exactly once.
fn span<'t>(trace: &'t Trace, service: &str, name: &str, kind: Kind) -> &'t Span {
    let found: Vec<&Span> = trace
        .spans()
        .iter()
        .map(AsRef::as_ref)
        .filter(|span| span.service() == service && span.name() == name && span.kind() == kind)
        .collect();
    let [span] = found[..] else {
        panic!("{service} {name} {kind:?} occurs {} times", found.len());
    };
    span
}

fn text<'s>(span: &'s Span, key: &str) -> &'s str {
    match span.attribute(key) {
        Some(Value::Text(text)) => text,
        other => panic!("{} has {key} = {other:?}", span.name()),
    }
}

fn int(span: &Span, key: &str) -> i64 {
    match span.attribute(key) {
        Some(Value::Int(int)) => int,
        other => panic!("{} has {key} = {other:?}", span.name()),
    }
}

async fn roll(system: &System, path: &str, spans: usize) -> std::sync::Arc<Trace> {
    let (_, answer) = get(&system.frontend.url(path)).await;
    system
        .trace(answer["trace_id"].as_str().expect("an id"), spans)
        .await
}

#[tokio::test]
async fn a_batch_of_ten_is_one_tree_across_three_services() {
    let system = System::start(&["--roll-delay=500ms"]).await;
    let trace = roll(&system, "/roll-async?die=fair&times=10", ROLL_SPANS + 10).await;
    assert_eq!(trace.spans().len(), ROLL_SPANS + 10);
    let path = [
        span(&trace, "frontend", "GET /roll-async", Kind::Server),
        span(&trace, "frontend", "GET", Kind::Client),
        span(&trace, "dice-roller", "GET /roll-async", Kind::Server),
    ];
    let roller = path[2];
    let lookup = [
        roller,
        span(&trace, "dice-roller", "query die service", Kind::Internal),
        span(&trace, "dice-roller", "GET", Kind::Client),
        span(&trace, "die-service", "GET /dice", Kind::Server),
    ];
    let batch = span(&trace, "dice-roller", "async roll batch", Kind::Internal);
    assert_eq!(path[0].parent_id(), None);
    for line in [&path[..], &lookup[..], &[roller, batch]] {
        for pair in line.windows(2) {
            assert_eq!(
                pair[1].parent_id(),
                Some(pair[0].id()),
                "{}",
                pair[1].name()
            );
        }
    }
    let rolls: Vec<&Span> = trace.children(batch.id()).collect();
    let names: BTreeSet<&str> = rolls.iter().map(|roll| roll.name()).collect();
    assert_eq!(
        names,
        (0..10)
            .map(|i| format!("async_roll_{i}"))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect()
    );
    check_batch_attributes(&trace, &rolls);
    check_overlap(batch, &rolls);
}

fn check_batch_attributes(trace: &Trace, rolls: &[&Span]) {
    let frontend = span(trace, "frontend", "GET /roll-async", Kind::Server);
    let roller = span(trace, "dice-roller", "GET /roll-async", Kind::Server);
    for server in [frontend, roller] {
        assert_eq!(text(server, "die.type"), "fair");
        assert_eq!(int(server, "async.batch_size"), 10);
        assert_eq!(text(server, "http.route"), "/roll-async");
        assert_eq!(text(server, "http.request.method"), "GET");
        assert_eq!(text(server, "url.path"), "/roll-async");
        assert_eq!(int(server, "http.response.status_code"), 200);
        assert_eq!(server.status(), Status::Unset);
    }
    let mut total = 0;
    for roll in rolls {
        assert_eq!(
            roll.name(),
            format!("async_roll_{}", int(roll, "async.roll_index"))
        );
        assert_eq!(text(roll, "die.type"), "fair");
        assert_eq!(roll.attribute("die.error"), Some(Value::Bool(false)));
        total += int(roll, "die.result");
    }
    assert_eq!(int(roller, "async.total_result"), total);
    let die = span(trace, "die-service", "GET /dice", Kind::Server);
    assert_eq!(text(die, "die.identifier"), "fair");
    assert_eq!(die.attribute("die.found"), Some(Value::Bool(true)));
    let call = span(trace, "dice-roller", "GET", Kind::Client);
    assert_eq!(text(call, "server.address"), "127.0.0.1");
    assert!(int(call, "server.port") > 0);
    assert!(text(call, "url.full").ends_with("/dice?identifier=fair"));
    assert_eq!(int(call, "http.response.status_code"), 200);
    let version = frontend.resource_attribute("service.version");
    assert_eq!(version, Some(Value::Text(env!("CARGO_PKG_VERSION"))));
}

/// All ten were in flight at one moment, and the batch lasted as long as the slowest.
fn check_overlap(batch: &Span, rolls: &[&Span]) {
    let last_start = rolls
        .iter()
        .map(|roll| roll.start_unix_nano())
        .max()
        .expect("ten rolls");
    let overlapping = rolls
        .iter()
        .filter(|roll| roll.end_unix_nano() >= last_start)
        .count();
    assert!(
        overlapping >= 8,
        "{overlapping} of 10 overlap; a very short delay may end early"
    );
    let slowest = rolls
        .iter()
        .map(|roll| roll.duration_nanos())
        .max()
        .expect("ten rolls");
    let sum: u64 = rolls.iter().map(|roll| roll.duration_nanos()).sum();
    assert!(batch.duration_nanos() >= slowest);
    assert!(
        batch.duration_nanos() < sum,
        "concurrent, not one after the other"
    );
}

#[tokio::test]
async fn one_roll_has_a_roll_span_with_its_result() {
    let system = System::quick().await;
    let trace = roll(&system, "/roll?die=fair", ROLL_SPANS).await;
    let roll = span(&trace, "dice-roller", "roll", Kind::Internal);
    assert!((1..=6).contains(&int(roll, "die.result")));
    assert_eq!(text(roll, "die.type"), "fair");
    assert_eq!(roll.attribute("die.error"), Some(Value::Bool(false)));
    let server = span(&trace, "dice-roller", "GET /roll", Kind::Server);
    assert_eq!(roll.parent_id(), Some(server.id()));
}

#[tokio::test]
async fn status_is_an_error_for_5xx_and_for_nothing_else() {
    let system = System::quick().await;
    let missing = roll(&system, "/roll?die=loaded", ROLL_SPANS - 1).await;
    for span in missing.spans() {
        assert_eq!(span.status(), Status::Unset, "{} of a 404", span.name());
    }
    let die = span(&missing, "die-service", "GET /dice", Kind::Server);
    assert_eq!(text(die, "die.identifier"), "loaded");
    assert_eq!(die.attribute("die.found"), Some(Value::Bool(false)));
    let failed = loop {
        let (status, answer) = get(&system.frontend.url("/roll?die=extreme")).await;
        if status == 500 {
            break answer["trace_id"].as_str().expect("an id").to_owned();
        }
    };
    let failed = system.trace(&failed, ROLL_SPANS).await;
    for (service, name, kind) in [
        ("frontend", "GET /roll", Kind::Server),
        ("frontend", "GET", Kind::Client),
        ("dice-roller", "GET /roll", Kind::Server),
        ("dice-roller", "roll", Kind::Internal),
    ] {
        assert_eq!(
            span(&failed, service, name, kind).status(),
            Status::Error,
            "{service} {name}"
        );
    }
    let server = span(&failed, "dice-roller", "GET /roll", Kind::Server);
    assert_eq!(text(server, "error.type"), "500");
    let roll = span(&failed, "dice-roller", "roll", Kind::Internal);
    assert_eq!(roll.attribute("die.error"), Some(Value::Bool(true)));
    assert_eq!(roll.attribute("die.result"), None);
    let lookup = span(&failed, "die-service", "GET /dice", Kind::Server);
    assert_eq!(lookup.status(), Status::Unset);
}

#[tokio::test]
async fn a_callers_trace_is_continued_and_its_sampling_decision_respected() {
    let system = System::quick().await;
    let client = testkit::client();
    let ask = |traceparent: &'static str| {
        let request = client.get(system.frontend.url("/roll?die=fair"));
        async move {
            let answer = request.header("traceparent", traceparent).send().await;
            let answer: serde_json::Value = answer.expect("an answer").json().await.expect("JSON");
            answer["trace_id"].as_str().expect("an id").to_owned()
        }
    };
    let unsampled = ask("00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00").await;
    assert_eq!(unsampled, "1af7651916cd43dd8448eb211c80319c");
    for malformed in [
        "00-nonsense",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    ] {
        let own = ask(malformed).await;
        assert!(
            !malformed.contains(&own),
            "{malformed} starts a trace of its own"
        );
    }
    let sampled = ask("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").await;
    let trace = system.trace(&sampled, ROLL_SPANS).await;
    let server = span(&trace, "frontend", "GET /roll", Kind::Server);
    assert_eq!(
        server.parent_id().expect("remote").to_string(),
        "b7ad6b7169203331"
    );
    let known = system.store.trace(unsampled.parse().expect("an id"));
    assert!(
        known.is_none(),
        "the later trace is complete, this one was not sampled"
    );
}

#[tokio::test]
async fn the_standard_variables_control_sampling_and_service_names() {
    let system = System::quick().await;
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT={}", system.otlp);
    let start = async |own: &[&str]| {
        let program = [PROGRAM, "service", "die-service", "--listen=127.0.0.1:0"];
        let arguments = [&[endpoint.as_str()], own, &program].concat();
        Process::start("env", &arguments).await
    };
    let sampled = start(&[
        "OTEL_TRACES_SAMPLER_ARG=0.25",
        "OTEL_SERVICE_NAME=other-dice",
        "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test",
        // An empty variable counts as unset, and fewer log lines do not mean fewer spans.
        "OTEL_TRACES_SAMPLER=",
        "OTEL_SDK_DISABLED=",
        "RUST_LOG=warn,service=info",
    ])
    .await;
    for _ in 0..400 {
        get(&sampled.url("/dice")).await;
    }
    get(&sampled.url("/dice?identifier=loaded")).await;
    let (_, lines) = sampled.terminate().await;
    let spans = system.store.counters().received_by_service["other-dice"];
    // Five standard deviations of a binomial with n = 401 and p = 0.25 are 43.
    assert!((57..=143).contains(&spans), "{spans} of 401");
    assert!(lines.iter().all(|line| line["logger"] == "other-dice"));
    assert!(lines.iter().all(|line| line["message"] != "Dice listed"));
    let missing = lines.iter().find(|line| line["message"] == "Die not found");
    assert!(
        missing.expect("told")["trace_id"].is_string(),
        "lines keep their ids"
    );
    let traces = system.store.traces();
    let environment = traces[0].spans()[0].resource_attribute("deployment.environment.name");
    assert_eq!(environment, Some(Value::Text("test")));
    for off in ["OTEL_TRACES_SAMPLER=always_off", "OTEL_SDK_DISABLED=TRUE"] {
        let process = start(&[off]).await;
        get(&process.url("/dice")).await;
        process.terminate().await;
    }
    let received = system.store.counters().received_by_service;
    assert!(!received.contains_key("die-service"), "{received:?}");
}
