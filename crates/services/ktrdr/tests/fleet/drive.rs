//! The driver: its requests, its output, and its behaviour during an outage.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::support::{Fleet, IMPATIENT, PROGRAM, role, text};

/// The driver as a process, read line by line.
struct Driver {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    fn start(fleet: &Fleet, own: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["drive", "--backend-url", &fleet.backend.url("")])
            .args(own)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program can be started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self { child, lines }
    }

    /// The next line; none at the end.
    async fn line(&mut self) -> Option<String> {
        let line = timeout(testkit::DEADLINE, self.lines.next_line()).await;
        line.expect("a line in time").expect("a readable line")
    }

    /// The next line that contains `words`.
    async fn until(&mut self, words: &str) -> String {
        while let Some(line) = self.line().await {
            if line.contains(words) {
                return line;
            }
        }
        panic!("no line with {words:?}");
    }

    async fn terminate(mut self) -> (String, ExitStatus) {
        let pid = self.child.id().expect("still running");
        let pid = Pid::from_raw(i32::try_from(pid).expect("process ids are small"));
        kill(pid, Signal::SIGTERM).expect("our own child can be signalled");
        let sums = self.until("requested ").await;
        (sums, self.child.wait().await.expect("our own child"))
    }
}

#[tokio::test]
async fn its_totals_match_the_backend() {
    let fleet = Fleet::start(&["--queue-capacity=1000"]).await;
    let _worker = fleet.worker("backtest", &[]).await;
    let flags = ["--seed=5", "--pace=6000", "--operations=12"];
    let mut driver = Driver::start(&fleet, &[&flags[..], &["--fault-share=0.3"]].concat());
    let sums = tokio::select! {
        sums = driver.until("requested ") => sums,
        () = cancel_what_takes_long(&fleet) => unreachable!("it has no end"),
    };
    let status = driver.child.wait().await.unwrap();
    assert!(status.success());
    assert!(sums.starts_with("requested 12 operations"), "{sums}");
    for status in ["completed", "failed", "cancelled"] {
        let expected = format!("{} {status}", fleet.ended(status).await);
        assert!(sums.contains(&expected), "{expected}: {sums}");
    }
    let metrics = fleet.backend.metrics().await;
    let unknown = ["status=\"404\"", "handler=\"/api/v1/data/{symbol}\""];
    let refused = metrics.sum("http_requests_total", &["status=\"422\""])
        + metrics.sum("http_requests_total", &unknown);
    assert!(refused > 0.0, "this seed has invalid requests");
    let expected = format!("{refused} rejected");
    assert!(sums.contains(&expected), "{expected}: {sums}");
}

/// This test has no worker for trainings, and large backtests take too long.
async fn cancel_what_takes_long(fleet: &Fleet) {
    loop {
        let (_, answer) = fleet.get("/api/v1/operations?limit=100").await;
        for operation in answer["operations"].as_array().expect("a list") {
            let days = operation["parameters"]["days"].as_u64();
            if operation["ended_at"].is_null() && days.is_none_or(|days| days > 500) {
                fleet.cancel(text(&operation["operation_id"])).await;
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn one_seed_sends_one_series_of_requests() {
    let fleet = Fleet::start(&["--queue-capacity=1000"]).await;
    let mut series = Vec::new();
    for seed in ["--seed=1", "--seed=1", "--seed=2"] {
        let flags = [seed, "--pace=6000", "--fault-share=0.2"];
        let mut driver = Driver::start(&fleet, &flags);
        let mut requests = Vec::new();
        while requests.len() < 20 {
            let line = driver.line().await.unwrap();
            // Ignore what depends on the answers: ids and outcomes.
            if let Some(at) = line.find('{') {
                requests.push(line[at..].to_owned());
            } else if line.starts_with("data") || line.contains("rejected:") {
                requests.push(line);
            }
        }
        series.push(requests);
    }
    assert_eq!(series[0], series[1]);
    assert_ne!(series[0], series[2]);
}

#[tokio::test]
async fn it_survives_a_restart_of_the_backend_and_reports_it_once() {
    let mut fleet = Fleet::start(&IMPATIENT).await;
    let mut driver = Driver::start(&fleet, &["--seed=3", "--pace=600"]);
    driver.until("data ").await;
    let address = fleet.backend.address.clone();
    fleet.backend.signal(Signal::SIGKILL);
    driver.until("cannot be reached").await;
    // Long enough for several attempts.
    let silence = timeout(Duration::from_millis(1500), driver.lines.next_line()).await;
    assert!(silence.is_err(), "{silence:?}");
    fleet.backend = role("backend", &address, &["--traces-exporter=none"]).await;
    let next = driver.line().await;
    assert_eq!(next.as_deref(), Some("the backend answers again"));
    driver.until("data ").await;

    let (sums, status) = driver.terminate().await;
    assert!(status.success(), "{sums}");
    let metrics = fleet.backend.metrics().await;
    let data = ["handler=\"/api/v1/data/{symbol}\"", "status=\"200\""];
    assert!(metrics.sum("http_requests_total", &data) > 0.0);
}
