//! Prometheus and Alertmanager with the stack's configuration, which know nothing yet.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use signals::Reader;
use signals::prometheus::{Graph, Prometheus};
use tempfile::TempDir;
use testkit::{eventually, free_address};
use tokio::process::{Child, Command};

use crate::compressed;
use crate::system::System;

/// Debian's name of the program; upstream's is `alertmanager`.
const ALERTMANAGER: [&str; 2] = ["prometheus-alertmanager", "alertmanager"];

/// Timeout of one answer on a busy machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// An alert that reached Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alert {
    pub(crate) name: String,
    pub(crate) severity: String,
    /// All labels and annotations, as JSON.
    pub(crate) text: String,
    /// Whether another alert explains it.
    pub(crate) inhibited: bool,
}

/// The two servers; killed when dropped.
pub(crate) struct Observer {
    reader: Prometheus,
    alertmanager: String,
    _processes: [Child; 2],
    _folder: TempDir,
}

/// The name of a program that is missing.
pub(crate) fn missing() -> Option<&'static str> {
    let is_there = |program: &&str| {
        let mut version = std::process::Command::new(program);
        version
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        version.status().is_ok()
    };
    if !is_there(&"prometheus") {
        return Some("prometheus");
    }
    let found = ALERTMANAGER.iter().any(is_there);
    (!found).then_some("prometheus-alertmanager")
}

impl Observer {
    /// Starts both and waits until every target was scraped and every objective has events.
    pub(crate) async fn start(system: &System) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let [own, alertmanager] = [free_address(), free_address()];
        let targets = configure(folder.path(), system, &own, &alertmanager);
        let processes = [
            prometheus(folder.path(), &own),
            start_alertmanager(folder.path(), &alertmanager),
        ];
        let url = format!("http://{own}").parse().expect("a URL");
        let observer = Self {
            reader: Prometheus::new(Reader::new(url, ANSWER_TIMEOUT)),
            alertmanager: format!("http://{alertmanager}/api/v2/alerts"),
            _processes: processes,
            _folder: folder,
        };
        let scraped = format!("count(up{{service!=\"\"}}) == {targets}");
        observer.until(&scraped).await;
        observer.until(system.is_ready()).await;
        observer
    }

    async fn until(&self, condition: &str) {
        eventually(condition, || async {
            let values = self.ask(condition).await;
            (!values.is_empty()).then_some(())
        })
        .await;
    }

    /// The values of an instant query; none if there is no answer.
    pub(crate) async fn ask(&self, query: &str) -> Vec<f64> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let end = now.expect("the clock is right").as_secs_f64();
        let graph = Graph {
            start: end,
            end,
            step: 1.0,
        };
        let found = self.reader.graph(query, graph).await.unwrap_or_default();
        let samples = found.into_iter().flat_map(|series| series.samples);
        samples.map(|(_, value)| value).collect()
    }

    /// What has reached Alertmanager and is not over, without the watchdog.
    pub(crate) async fn alerts(&self) -> BTreeSet<Alert> {
        let Ok(answer) = testkit::fetch(&self.alertmanager).await else {
            return BTreeSet::new();
        };
        let alerts: Vec<Value> = answer.json().await.unwrap_or_default();
        let alerts = alerts.iter().map(|alert| {
            let label = |name: &str| {
                let value = alert["labels"][name].as_str();
                value.unwrap_or_default().to_owned()
            };
            Alert {
                name: label("alertname"),
                severity: label("severity"),
                text: format!("{} {}", alert["labels"], alert["annotations"]),
                inhibited: alert["status"]["state"] == "suppressed",
            }
        });
        alerts.filter(|alert| alert.name != "Watchdog").collect()
    }

    /// The alerts that Prometheus fires now, as `name severity`.
    pub(crate) async fn firing(&self, name: &str, severity: &str) -> bool {
        let query =
            format!(r#"ALERTS{{alertstate="firing",alertname="{name}",severity="{severity}"}}"#);
        !self.ask(&query).await.is_empty()
    }
}

/// Writes the configuration of both, and returns the number of targets.
fn configure(folder: &Path, system: &System, own: &str, alertmanager: &str) -> usize {
    let stack = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack"));
    let read = |file: &str| {
        let path = stack.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let here = folder.display().to_string();
    // Debian's Prometheus does not know this key, and no file would match here.
    let configuration: String = read("prometheus/prometheus.yml")
        .lines()
        .filter(|line| !line.starts_with("scrape_config_files:"))
        .map(|line| format!("{line}\n"))
        .collect();
    let configuration = compressed::file(&configuration)
        .replace("/etc/prometheus/targets", &here)
        .replace("/etc/prometheus/rules", &here)
        .replace("127.0.0.1:9090", own)
        .replace("alertmanager:9093", alertmanager)
        // The rest of the stack does not run here. Its targets have no label `service`.
        .replace("tempo:3200", own)
        .replace("loki:3100", own)
        .replace("alloy:12345", own);
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("the folder can be written");
    };
    write("prometheus.yml", &configuration);
    write(
        "slo.yml",
        &compressed::file(&read("prometheus/rules/24h.yml")),
    );
    write("alertmanager.yml", &read("alertmanager/alertmanager.yml"));
    let mut count = 0;
    for (file, name) in [("stage6.yml", "stage.yml"), ("ktrdr.yml", "ktrdr.yml")] {
        let targets = read(&format!("prometheus/targets/{file}"));
        write(name, &localised(&targets, system, &mut count));
    }
    count
}

/// The targets that run here, at their local addresses, and how many there are.
fn localised(targets: &str, system: &System, count: &mut usize) -> String {
    let mut groups: Vec<Value> = yaml_serde::from_str(targets).expect("a list of targets");
    for group in &mut groups {
        let names = group["targets"].as_array().expect("a list").clone();
        let local = names
            .iter()
            .filter_map(|name| system.address(name.as_str()?));
        let local: Vec<String> = local.collect();
        *count += local.len();
        group["targets"] = local.into();
    }
    Value::from(groups).to_string()
}

fn prometheus(folder: &Path, address: &str) -> Child {
    let mut command = Command::new("prometheus");
    command
        .arg(format!(
            "--config.file={}",
            folder.join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .args([
            "--web.enable-remote-write-receiver",
            "--enable-feature=exemplar-storage",
        ]);
    quiet(command)
}

fn start_alertmanager(folder: &Path, address: &str) -> Child {
    let start = |program: &str| {
        let mut command = Command::new(program);
        command
            .arg(format!(
                "--config.file={}",
                folder.join("alertmanager.yml").display()
            ))
            .arg(format!(
                "--storage.path={}",
                folder.join("alerts").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=");
        command
    };
    let [debian, upstream] = ALERTMANAGER;
    let is_debian = std::process::Command::new(debian)
        .arg("--version")
        .output()
        .is_ok();
    quiet(start(if is_debian { debian } else { upstream }))
}

fn quiet(mut command: Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.kill_on_drop(true).spawn().expect("it starts")
}
