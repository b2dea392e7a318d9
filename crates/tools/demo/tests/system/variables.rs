//! Variables set for other programs, read as OpenTelemetry's specification requires.

use mini_tempo::Value as Attribute;
use testkit::{Process, get};

use crate::support::{PROGRAM, System, collector};

/// die-service with those variables; it exports to `otlp` unless they change that.
pub(crate) async fn start(otlp: &str, variables: &[&str]) -> Process {
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT={otlp}");
    let program = [PROGRAM, "service", "die-service", "--listen=127.0.0.1:0"];
    let arguments = [&[endpoint.as_str()], variables, &program].concat();
    Process::start("env", &arguments).await
}

#[tokio::test]
async fn unknown_values_are_ignored_with_a_warning() {
    let (store, otlp) = collector().await;
    for (variable, value) in [
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_TRACES_EXPORTER", "otlp,console"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_TRACES_SAMPLER_ARG", "many"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=a,broken"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=a,rest=%zz"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.version=9"),
        ("RUST_LOG", "my_crate[span{field=x}]=debug"),
    ] {
        let before = store.counters().spans_received;
        let process = start(&otlp, &[&format!("{variable}={value}")]).await;
        assert_eq!(get(&process.url("/dice")).await.0, 200);
        let (_, lines) = process.terminate().await;
        let warnings = lines.iter().filter(|line| line["variable"] == variable);
        let warnings: Vec<_> = warnings.collect();
        let [warning] = warnings[..] else {
            panic!("{variable}={value}: {lines:?}")
        };
        assert_eq!(warning["level"], "WARN");
        assert_eq!(warning["message"], "Variable ignored");
        assert_eq!(warning["value"], value);
        let reason = warning["reason"].as_str().expect("text");
        let (_, instead) = reason.rsplit_once("; ").expect("what is used instead");
        let is_said = ["is used", "not compressed"].map(|words| instead.contains(words));
        assert!(is_said.contains(&true), "{variable}: {reason}");
        let spans = store.counters().spans_received - before;
        assert_eq!(
            spans, 1,
            "{variable}={value}: the default is used: {lines:?}"
        );
    }
}

#[tokio::test]
async fn names_are_read_in_any_case_and_without_a_warning() {
    let (store, otlp) = collector().await;
    for (variable, spans) in [
        ("OTEL_TRACES_EXPORTER=OTLP", 1),
        ("OTEL_TRACES_SAMPLER=ALWAYS_ON", 1),
        ("OTEL_TRACES_SAMPLER=Always_Off", 0),
        ("OTEL_TRACES_EXPORTER=None", 0),
        ("OTEL_EXPORTER_OTLP_PROTOCOL=HTTP/PROTOBUF", 1),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=HTTP/protobuf", 1),
        ("OTEL_EXPORTER_OTLP_COMPRESSION=None", 1),
        ("OTEL_PROPAGATORS=tracecontext", 1),
        ("OTEL_EXPORTER_OTLP_HEADERS=a=b%20c", 1),
        ("OTEL_SDK_DISABLED=TRUE", 0),
    ] {
        let before = store.counters().spans_received;
        let process = start(&otlp, &[variable]).await;
        get(&process.url("/dice")).await;
        let (_, lines) = process.terminate().await;
        assert!(
            lines.iter().all(|line| line["level"] == "INFO"),
            "{variable}: {lines:?}"
        );
        assert_eq!(
            store.counters().spans_received - before,
            spans,
            "{variable}"
        );
    }
}

#[tokio::test]
async fn values_that_are_not_utf_8_are_ignored_with_a_warning() {
    // One at a time: an ignored variable cannot end the program.
    for variable in [
        "OTEL_SERVICE_NAME",
        "OTEL_SDK_DISABLED",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_TRACES_EXPORTER",
        "OTEL_TRACES_SAMPLER_ARG",
        "OTEL_RESOURCE_ATTRIBUTES",
        "RUST_LOG",
    ] {
        let script = format!("export {variable}=\"$(printf 'http://b\\377')\"; exec \"$0\" \"$@\"");
        let program = [PROGRAM, "service", "die-service", "--listen=127.0.0.1:0"];
        let process = Process::start("sh", &[&["-c", &script], &program[..]].concat()).await;
        assert_eq!(get(&process.url("/dice")).await.0, 200, "{variable}");
        let (status, lines) = process.terminate().await;
        assert!(status.success(), "{variable}: {status}");
        let warnings: Vec<_> = lines
            .iter()
            .filter(|line| line["variable"] == variable)
            .collect();
        let [warning] = warnings[..] else {
            panic!("{variable}: {lines:?}")
        };
        let reason = warning["reason"].as_str().expect("text");
        assert!(reason.starts_with("not UTF-8; "), "{reason}");
        assert!(
            lines.iter().all(|line| line["logger"] == "die-service"),
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn a_flag_with_the_same_value_is_an_error() {
    let output = tokio::process::Command::new(PROGRAM)
        .args(["service", "die-service", "--otlp-protocol=grpc"])
        .output()
        .await
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("grpc") && text.contains("http/protobuf"),
        "{text}"
    );
}

#[tokio::test]
async fn resource_attributes_are_decoded_and_name_the_service_by_default() {
    let (store, otlp) = collector().await;
    let attributes = "OTEL_RESOURCE_ATTRIBUTES=service.name=by-attribute,team=caf%C3%A9%2Cb";
    for (variables, name) in [
        (&[attributes][..], "by-attribute"),
        (&[attributes, "OTEL_SERVICE_NAME=by-name"], "by-name"),
    ] {
        let process = start(&otlp, variables).await;
        get(&process.url("/dice")).await;
        let (_, lines) = process.terminate().await;
        assert!(lines.iter().all(|line| line["logger"] == name), "{lines:?}");
        let traces = store.traces();
        let spans = traces.iter().flat_map(|trace| trace.spans());
        let own = spans.filter(|span| span.service() == name);
        let teams: Vec<_> = own.map(|span| span.resource_attribute("team")).collect();
        assert_eq!(teams, [Some(Attribute::Text("café,b"))]);
    }
}

#[tokio::test]
async fn the_version_is_the_build_version() {
    let (store, otlp) = collector().await;
    let process = start(&otlp, &["OTEL_RESOURCE_ATTRIBUTES=service.version=9"]).await;
    get(&process.url("/dice")).await;
    let metrics = process.metrics().await;
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert_eq!(metrics.value("build_info", &[&version]), 1.0);
    process.terminate().await;
    let traces = store.traces();
    let version = traces[0].spans()[0].resource_attribute("service.version");
    assert_eq!(version, Some(Attribute::Text(env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn a_hop_without_an_sdk_does_not_cut_the_trace() {
    let system = System::quick().await;
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT={}", system.otlp);
    let url = format!("--die-service-url={}", system.die_service.url(""));
    let program = [
        &endpoint,
        "OTEL_SDK_DISABLED=true",
        PROGRAM,
        "service",
        "dice-roller",
    ];
    let flags = ["--listen=127.0.0.1:0", "--roll-delay=0s", &url];
    let roller = Process::start("env", &[&program[..], &flags].concat()).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = testkit::client()
        .get(roller.url("/roll?die=fair"))
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    let found = system.trace(trace, 1).await;
    let span = &found.spans()[0];
    assert_eq!((span.service(), span.name()), ("die-service", "GET /dice"));
    let parent = span.parent_id().expect("the caller's span").to_string();
    assert_eq!(
        parent, "b7ad6b7169203331",
        "the context is passed on unchanged"
    );
    let (_, lines) = roller.terminate().await;
    let rolled = lines
        .iter()
        .find(|line| line["message"] == "Roll completed");
    assert_eq!(rolled.expect("a line")["trace_id"], trace);
}

#[tokio::test]
async fn text_lines_name_their_service_and_trace() {
    let (_store, otlp) = collector().await;
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT={otlp}");
    let mut child = tokio::process::Command::new(PROGRAM)
        .args([
            "service",
            "--stop-at-eof",
            "dice-roller",
            "--listen=127.0.0.1:0",
            "--roll-delay=0s",
        ])
        .env("LOG_FORMAT", "pretty")
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            endpoint.split_once('=').expect("a value").1,
        )
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(
        child.stdout.take().expect("piped"),
    ));
    let listening = lines.next_line().await.expect("text").expect("a line");
    assert!(listening.starts_with("dice-roller - "), "{listening}");
    let url = listening
        .split("url=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = testkit::client()
        .get(format!("{}/roll?die=fair", url.expect("a URL")))
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    let rolled = lines.next_line().await.expect("text").expect("a line");
    assert!(
        rolled.starts_with(&format!("dice-roller {trace} ")),
        "{rolled}"
    );
    assert!(rolled.contains("Roll completed"), "{rolled}");
}
