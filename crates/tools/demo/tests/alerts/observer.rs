//! Prometheus and Alertmanager with the stack's configuration, which know nothing yet.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use signals::prometheus::Prometheus;
use signals::{AskError, Reader};
use tempfile::TempDir;
use testkit::{
    Alertmanager, eventually, free_address, is_there, prometheus_configuration, start_prometheus,
};
use tokio::process::Child;

use crate::compressed;
use crate::system::System;

/// Timeout of one answer on a busy machine.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

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
    alertmanager: Alertmanager,
    _prometheus: Child,
    _folder: TempDir,
}

/// The name of a program that is missing.
pub(crate) fn missing() -> Option<&'static str> {
    match is_there("prometheus") {
        false => Some("prometheus"),
        true => (!Alertmanager::is_there()).then_some("prometheus-alertmanager"),
    }
}

impl Observer {
    /// Starts both and waits until every target was scraped and every objective has events.
    pub(crate) async fn start(system: &System) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let alertmanager = Alertmanager::start(&stack("alertmanager/alertmanager.yml")).await;
        let own = free_address();
        let targets = configure(folder.path(), system, &own, &alertmanager.address);
        let prometheus = start_prometheus(folder.path(), &own);
        let url = format!("http://{own}").parse().expect("a URL");
        let observer = Self {
            reader: Prometheus::new(Reader::new(url, ANSWER_TIMEOUT)),
            alertmanager,
            _prometheus: prometheus,
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
        let found = self.reader.instant(query).await.unwrap_or_default();
        found.into_iter().map(|series| series.value).collect()
    }

    /// The number of series that a query of a runbook finds.
    ///
    /// A comparison that does not hold finds none.
    pub(crate) async fn count(&self, query: &str) -> Result<usize, AskError> {
        let found = self.reader.instant(query).await?;
        Ok(found.len())
    }

    /// What has reached Alertmanager and is not over, without the watchdog.
    pub(crate) async fn alerts(&self) -> BTreeSet<Alert> {
        let alerts = self.alertmanager.alerts().await;
        let alerts = alerts.iter().map(|alert| Alert {
            name: alert.name().to_owned(),
            severity: alert.label("severity").to_owned(),
            text: format!("{:?} {:?}", alert.labels, alert.annotations),
            inhibited: !alert.is_notified(),
        });
        alerts.filter(|alert| alert.name != "Watchdog").collect()
    }

    /// Whether Prometheus fires that alert now.
    pub(crate) async fn firing(&self, name: &str, severity: &str) -> bool {
        let query =
            format!(r#"ALERTS{{alertstate="firing",alertname="{name}",severity="{severity}"}}"#);
        !self.ask(&query).await.is_empty()
    }
}

/// A file of the stack.
fn stack(file: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack")).join(file)
}

/// Writes Prometheus' configuration, and returns the number of targets.
fn configure(folder: &Path, system: &System, own: &str, alertmanager: &str) -> usize {
    let read = |file: &str| {
        let path = stack(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let configuration = compressed::file(&prometheus_configuration(folder, own))
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
