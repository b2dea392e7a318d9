//! A Prometheus with the stack's configuration, its targets replaced by local ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::support::interpolate::Values;
use crate::system::System;

/// The stack's configuration.
const STACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../stack/prometheus");

/// Waiting for scrapes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// How far back a graph goes here: not to where its windows have no samples yet.
const GRAPH: u64 = 50;

/// One series of an answer.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) labels: BTreeMap<String, String>,
    /// From the oldest to the newest; never empty.
    pub(crate) values: Vec<f64>,
}

impl Series {
    pub(crate) fn last(&self) -> f64 {
        self.values.last().copied().unwrap_or(f64::NAN)
    }
}

/// A running server. Killed, and its folder removed, when dropped.
pub(crate) struct Prometheus {
    url: String,
    folder: PathBuf,
    started: Instant,
    _process: Child,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // A folder left in the system's temporary one is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether the program can be started.
pub(crate) fn is_there() -> bool {
    let mut version = std::process::Command::new("prometheus");
    version
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    version.status().is_ok()
}

impl Prometheus {
    /// Starts it and waits until it has scraped every service of `system`.
    pub(crate) async fn start(system: &System) -> Self {
        let address = free_address().await;
        let folder = env::temp_dir().join(format!("dashboards-live-{}", std::process::id()));
        write_configuration(&folder, system, &address).expect("the configuration can be written");
        let process = Command::new("prometheus")
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
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("prometheus starts");
        let prometheus = Self {
            url: format!("http://{address}"),
            folder,
            started: Instant::now(),
            _process: process,
        };
        // 9 targets of four stages, the backend and its six workers.
        prometheus
            .until(
                "every service to be scraped",
                r#"sum(up{service!=""}) == 16"#,
            )
            .await;
        prometheus
    }

    /// Waits until that many scrapes were made since the start.
    pub(crate) async fn scraped(&self, scrapes: u32) {
        let count = format!(r#"count_over_time(up{{job="ktrdr-backend"}}[10m]) >= {scrapes}"#);
        self.until("enough scrapes", &count).await;
    }

    /// Waits until `condition` has a result.
    pub(crate) async fn until(&self, what: &str, condition: &str) {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if self
                .range(condition, true)
                .await
                .is_ok_and(|found| !found.is_empty())
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("waited {PATIENCE:?} in vain for {what}: {condition}");
    }

    /// What Grafana would fill in: a time range since the start, and the smallest window.
    pub(crate) fn values(&self, variables: Vec<(String, String)>) -> Values {
        Values {
            rate_interval: "20s".to_owned(),
            range: format!("{}s", self.started.elapsed().as_secs() + 1),
            variables,
        }
    }

    /// Rolls to a batch, on average, since the start.
    pub(crate) async fn mean_batch_size(&self) -> f64 {
        let of = |part: &str| {
            format!(
                r#"sum(increase(async_roll_batch_size_{part}{{job="dice-roller-stage4"}}[10m]))"#
            )
        };
        let mean = format!("{} / {}", of("sum"), of("count"));
        let series = self.range(&mean, true).await.expect("a valid query");
        series.first().map_or(f64::NAN, Series::last)
    }

    /// Asks `/api/v1/query_range`, for now alone if `instant`.
    pub(crate) async fn range(&self, query: &str, instant: bool) -> Result<Vec<Series>, String> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let end = since_epoch.expect("the clock is right").as_secs();
        let start = if instant { end } else { end - GRAPH };
        let (start, end) = (start.to_string(), end.to_string());
        let parameters = [
            ("query", query),
            ("start", &start),
            ("end", &end),
            ("step", "5"),
        ];
        let request = reqwest::Client::new()
            .get(format!("{}/api/v1/query_range", self.url))
            .query(&parameters);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        match answer["status"].as_str() {
            Some("success") => Ok(series(&answer["data"]["result"])),
            _ => Err(answer["error"].to_string()),
        }
    }
}

fn series(result: &Value) -> Vec<Series> {
    let result = result.as_array().map_or(&[][..], Vec::as_slice);
    result
        .iter()
        .map(|series| Series {
            labels: serde_json::from_value(series["metric"].clone()).unwrap_or_default(),
            values: series["values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|sample| sample[1].as_str()?.parse().ok())
                .collect(),
        })
        .collect()
}

fn write_configuration(folder: &Path, system: &System, own: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let read = |file: &str| fs::read_to_string(Path::new(STACK).join(file));
    let configuration = read("prometheus.yml")?
        .replace("/etc/prometheus/targets", &folder.display().to_string())
        .replace("127.0.0.1:9090", own);
    // The rest of the stack does not run here: nobody listens on the discard port.
    let elsewhere = ["tempo:3200", "loki:3100", "alloy:12345"];
    let configuration = elsewhere.iter().fold(configuration, |text, host| {
        text.replace(host, "127.0.0.1:9")
    });
    fs::write(folder.join("prometheus.yml"), configuration)?;
    // One set of services stands for all stages: they run the same programs.
    let stages = ["stage1", "stage2", "stage3", "stage4"]
        .map(|stage| read(&format!("targets/{stage}.yml")))
        .into_iter()
        .collect::<Result<String, _>>()?;
    fs::write(folder.join("stage.yml"), localise(&stages, system))?;
    fs::write(
        folder.join("ktrdr.yml"),
        localise(&read("targets/ktrdr.yml")?, system),
    )
}

/// `text` with the address of each quoted target.
fn localise(text: &str, system: &System) -> String {
    let parts = text
        .split('"')
        .map(|part| system.address(part).unwrap_or(part));
    parts.collect::<Vec<_>>().join("\"")
}

async fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("it is bound").to_string()
}
