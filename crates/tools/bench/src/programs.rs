//! Measured programs, and the load on them.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use testkit::Process;
use tokio::process::Command;

/// The measured request.
pub(crate) const PATH: &str = "/dice?identifier=fair";

/// The folder of the release build of our programs.
#[derive(Debug, Clone)]
pub(crate) struct Programs(pub(crate) PathBuf);

impl Programs {
    /// Starts a service on a free port, and discards its lines.
    pub(crate) async fn service(&self, name: &str, flags: &[&str]) -> Process {
        Process::start_unheard(self.0.join(name), &listening(flags)).await
    }

    /// Starts a service on a free port, and keeps its lines.
    pub(crate) async fn service_heard(&self, name: &str, flags: &[&str]) -> Process {
        Process::start(self.0.join(name), &listening(flags)).await
    }

    /// Loads `url` with `rate` requests a second over 32 connections.
    pub(crate) async fn load(&self, url: &str, rate: u32, duration: Duration) -> Load {
        self.load_over(32, url, rate, duration).await
    }

    /// Loads `url` with `rate` requests a second, as long as connections are free.
    pub(crate) async fn load_over(
        &self,
        connections: u32,
        url: &str,
        rate: u32,
        duration: Duration,
    ) -> Load {
        let mut command = self.loading(connections, url, duration);
        command.arg(format!("--rate={rate}"));
        load(&mut command).await
    }

    /// Loads `url` in a closed loop: one request in flight on each of so many connections.
    pub(crate) async fn load_closed(
        &self,
        connections: u32,
        url: &str,
        duration: Duration,
    ) -> Load {
        load(&mut self.loading(connections, url, duration)).await
    }

    fn loading(&self, connections: u32, url: &str, duration: Duration) -> Command {
        let mut command = Command::new(self.traffic_gen());
        // Each request is counted, by us and by the server.
        command.args(["load", "--json", "--warm-up=0s", url]);
        command.arg(format!("--connections={connections}"));
        command.arg(format!("--duration={}ms", duration.as_millis()));
        command
    }

    pub(crate) fn traffic_gen(&self) -> PathBuf {
        self.0.join("traffic-gen")
    }
}

fn listening<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    [&["--listen=127.0.0.1:0"], flags].concat()
}

/// The measurements of `traffic-gen load`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) p99_ms: f64,
    pub(crate) answered: u64,
}

async fn load(command: &mut Command) -> Load {
    let output = command.stderr(Stdio::inherit()).output().await;
    let output = output.expect("traffic-gen was built");
    let report: Value = serde_json::from_slice(&output.stdout).expect("--json prints JSON");
    let measured = &report["measured"];
    // On a busy machine the generator may fail to send at the rate. Every request that was sent must have
    // been answered with 200.
    let results = measured["targets"][0]["results"].as_object();
    let mut results = results.expect("counts").keys();
    let fine = results.all(|result| result == "200" || result == "not sent");
    assert!(fine, "{report}");
    Load {
        per_second: measured["requests_per_second"].as_f64().expect("a number"),
        p99_ms: measured["latency"]["p99_ms"].as_f64().expect("a number"),
        answered: measured["answered"].as_u64().expect("a number"),
    }
}
