//! Prometheus and Alertmanager as child processes.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use signals::Reader;
use signals::alertmanager::{self, Alert};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tooling::command::is_there;
use tooling::prometheus::{EXTRA_SCRAPE_METRICS, for_debian};

use crate::{eventually, fetch, free_address};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The stack's configuration of Prometheus.
const PROMETHEUS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../stack/prometheus/prometheus.yml"
);

/// Debian's name of Alertmanager, and upstream's.
const ALERTMANAGER: [&str; 2] = ["prometheus-alertmanager", "alertmanager"];

/// The stack's configuration for a Prometheus at `address`, with the files of targets and of rules in
/// `folder`. The rest of the stack still has its names.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn prometheus_configuration(folder: &Path, address: &str) -> String {
    let stack = fs::read_to_string(PROMETHEUS).expect("the stack is there");
    let here = folder.display().to_string();
    for_debian(&stack)
        .replace("/etc/prometheus/targets", &here)
        .replace("/etc/prometheus/rules", &here)
        .replace("127.0.0.1:9090", address)
}

/// Starts Prometheus at `address` with the configuration `prometheus.yml` of `folder`, and keeps its
/// data there. It has what the stack's Prometheus has switched on.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn start_prometheus(folder: &Path, address: &str) -> Child {
    let configuration = folder.join("prometheus.yml");
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", configuration.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .arg("--web.enable-remote-write-receiver")
        .arg(format!(
            "--enable-feature=exemplar-storage,{EXTRA_SCRAPE_METRICS}"
        ));
    quiet(command)
}

/// A running Alertmanager; killed when dropped.
#[derive(Debug)]
pub struct Alertmanager {
    /// Its `host:port`.
    pub address: String,
    _process: Child,
    _folder: TempDir,
}

impl Alertmanager {
    /// Whether it is installed.
    #[must_use]
    pub fn is_there() -> bool {
        ALERTMANAGER.into_iter().any(is_there)
    }

    /// Starts it with this configuration and waits until it is ready.
    ///
    /// # Panics
    /// When it is not installed, or not ready in time.
    pub async fn start(configuration: &Path) -> Self {
        let program = ALERTMANAGER.into_iter().find(|program| is_there(program));
        let address = free_address();
        let folder = TempDir::new().expect("the temporary folder can be written");
        let mut command = Command::new(program.expect("Alertmanager is installed"));
        command
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=");
        let process = quiet(command);
        let ready = format!("http://{address}/-/ready");
        eventually("Alertmanager to be ready", async || {
            let answer = fetch(&ready).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        Self {
            address,
            _process: process,
            _folder: folder,
        }
    }

    /// The URL of its alerts.
    #[must_use]
    pub fn alerts_url(&self) -> String {
        format!("http://{}/api/v2/alerts", self.address)
    }

    /// The alerts that it has received and that are not over.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn alerts(&self) -> Vec<Alert> {
        let base = format!("http://{}", self.address);
        let reader = Reader::new(base.parse().expect("a URL"), TIMEOUT);
        let alerts = alertmanager::Alertmanager::new(reader).alerts().await;
        alerts.expect("Alertmanager answers")
    }
}

fn quiet(mut command: Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.kill_on_drop(true).spawn().expect("it starts")
}
