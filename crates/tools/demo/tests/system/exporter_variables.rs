//! Variables and flags for the endpoint and headers of spans, and the warnings about invalid ones.

use testkit::{Process, get};

use crate::support::{PROGRAM, collector};
use crate::variables::start;

#[tokio::test]
async fn an_endpoint_that_cannot_be_used_exports_nothing_and_shows_no_password() {
    let (store, otlp) = collector().await;
    for variable in [
        "OTEL_EXPORTER_OTLP_ENDPOINT=https://user:secret@localhost:4318",
        "OTEL_EXPORTER_OTLP_ENDPOINT=secret",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=grpc://user:secret@localhost",
    ] {
        let process = start(&otlp, &[variable, "OTEL_TRACES_EXPORTER=OTLP"]).await;
        assert_eq!(get(&process.url("/dice")).await.0, 200);
        let (_, lines) = process.terminate().await;
        let warning = lines
            .iter()
            .find(|line| line["message"] == "Variable ignored");
        let reason = warning.expect("a warning")["reason"]
            .as_str()
            .expect("text");
        assert!(reason.contains("no spans are exported"), "{reason}");
        let told = serde_json::to_string(&lines).expect("JSON");
        assert!(!told.contains("secret"), "{told}");
    }
    assert_eq!(store.counters().spans_received, 0);
}

#[tokio::test]
async fn a_flag_for_the_endpoint_overrides_every_variable() {
    let (store, otlp) = collector().await;
    let base = format!("--otlp-endpoint={otlp}");
    let traces = format!("--otlp-traces-endpoint={otlp}/v1/traces");
    for (flag, variable, is_warned) in [
        (
            &base,
            "OTEL_EXPORTER_OTLP_ENDPOINT=https://localhost:4318",
            true,
        ),
        (
            &base,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=localhost:4318",
            true,
        ),
        (
            &base,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://127.0.0.1:1",
            false,
        ),
        (
            &traces,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=localhost:4318",
            true,
        ),
        (&traces, "OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318", true),
    ] {
        let before = store.counters().spans_received;
        let program = [PROGRAM, "service", "die-service", "--listen=127.0.0.1:0"];
        let arguments = [&[variable][..], &program, &[flag]].concat();
        let process = Process::start("env", &arguments).await;
        get(&process.url("/dice")).await;
        let (_, lines) = process.terminate().await;
        let spans = store.counters().spans_received - before;
        assert_eq!(spans, 1, "{flag} {variable}");
        let (name, value) = variable.split_once('=').expect("a value");
        let warnings: Vec<_> = lines
            .iter()
            .filter(|line| line["variable"] == name)
            .collect();
        assert_eq!(warnings.len(), usize::from(is_warned), "{lines:?}");
        for warning in warnings {
            let reason = warning["reason"].as_str().expect("text");
            let used = format!("{} is used", flag.split('=').next().expect("a flag"));
            assert!(reason.ends_with(&used), "{reason}");
            let shown = warning["value"].as_str().expect("text");
            assert_eq!(shown.trim_end_matches('/'), value);
        }
    }
}

#[tokio::test]
async fn headers_that_are_not_sent_are_named_without_their_values() {
    let (store, otlp) = collector().await;
    for name in [
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    ] {
        let before = store.counters().spans_received;
        let variable = format!("{name}=authorization=Bearer%20hunter2,hunter2");
        let process = start(&otlp, &[&variable]).await;
        get(&process.url("/dice")).await;
        let (_, lines) = process.terminate().await;
        let warnings: Vec<_> = lines
            .iter()
            .filter(|line| line["variable"] == name)
            .collect();
        let [warning] = warnings[..] else {
            panic!("{lines:?}")
        };
        let reason = "header 2: not name=value; it is not sent";
        assert_eq!(warning["reason"], reason);
        let told = serde_json::to_string(&lines).expect("JSON");
        assert!(!told.contains("hunter2"), "{told}");
        assert_eq!(store.counters().spans_received - before, 1);
    }
}
