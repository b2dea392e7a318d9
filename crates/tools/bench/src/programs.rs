//! The measured programs, from a release build.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use mini_tempo::Store;
use serde_json::Value;
use testkit::Process;
use tokio::net::TcpListener;
use tokio::process::Command;

use tooling::command::root;

/// A program of the release build.
pub(crate) fn release(name: &str) -> PathBuf {
    let target = option_env!("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    target.join("release").join(name)
}

/// A service on a free port, from the demo's binary.
pub(crate) async fn service(name: &str, flags: &[&str]) -> Process {
    let own = ["service", name, "--listen=127.0.0.1:0"];
    Process::start_unheard(release("demo"), &[&own, flags].concat()).await
}

/// The measurements of `traffic-gen load`.
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) p99_ms: f64,
    pub(crate) answered: u64,
}

/// Loads `url` over 32 connections: at `rate` requests per second, or as fast as possible.
pub(crate) async fn load(url: &str, rate: Option<u32>, duration: Duration) -> Load {
    let mut command = Command::new(release("traffic-gen"));
    command.args(["load", "--json", "--connections=32", url]);
    command.arg(format!("--duration={}ms", duration.as_millis()));
    command.args(rate.map(|rate| format!("--rate={rate}")));
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("traffic-gen was built");
    let report: Value = serde_json::from_slice(&output.stdout).expect("--json prints JSON");
    let measured = &report["measured"];
    assert_eq!(measured["failed"], 0, "{report}");
    Load {
        per_second: measured["requests_per_second"].as_f64().expect("a number"),
        p99_ms: measured["latency"]["p99_ms"].as_f64().expect("a number"),
        answered: measured["answered"].as_u64().expect("a number"),
    }
}

/// A trace store, and the flag that makes a service export to it.
pub(crate) async fn collector() -> (Store, String) {
    let store = Store::new(100_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let flag = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    (store, flag)
}
