//! A Prometheus with the stack's configuration and local targets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

use serde_json::Value;
use signals::Reader;
use signals::prometheus::{Graph, Range};
use testkit::{prometheus_configuration, start_prometheus};
use tokio::process::Child;

use crate::STACK;
use crate::running_stage::RunningStage;
use crate::support::board::{Board, Query, list};
use crate::support::interpolate::Values;
use crate::system::System;

/// The scrape interval: shorter than in the stack, so that the test is fast. Everything that
/// depends on it is scaled.
pub(crate) const SCRAPE: Duration = Duration::from_secs(2);

/// The stack's durations and their replacements: an exporter needs 1 s to report an unavailable
/// PostgreSQL.
const TIMES: [(&str, &str); 2] = [
    ("scrape_interval: 5s", "scrape_interval: 2s"),
    ("scrape_timeout: 4s", "scrape_timeout: 1600ms"),
];

/// The smallest window that Grafana uses, in scrapes.
const WINDOW: u32 = 4;

/// The length of a graph here, in scrapes, so that all of its windows have samples.
const GRAPH: u32 = 10;

/// Timeout of one answer on a busy machine.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Timeout for scrapes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(180);

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
    reader: signals::prometheus::Prometheus,
    address: String,
    folder: PathBuf,
    started: SystemTime,
    _process: Child,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Failing to remove a temporary folder does not fail the test.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Prometheus {
    /// Starts Prometheus and waits until it has scraped every service of `system`.
    pub(crate) async fn start(system: &System) -> Self {
        let address = testkit::free_address();
        let folder = env::temp_dir().join(format!("dashboards-live-{}", std::process::id()));
        let services = write_configuration(&folder, system, &address);
        let services = services.expect("the configuration can be written");
        let url = format!("http://{address}").parse().expect("a URL");
        let process = start_prometheus(&folder, &address);
        let prometheus = Self {
            reader: signals::prometheus::Prometheus::new(Reader::new(url, ANSWER_TIMEOUT)),
            address,
            folder,
            started: SystemTime::now(),
            _process: process,
        };
        let up = format!(r#"sum(up{{service!=""}}) == {services}"#);
        prometheus.until("every service to be scraped", &up).await;
        prometheus
    }

    /// Waits until this many scrapes were made since the start.
    pub(crate) async fn scraped(&self, scrapes: u32) {
        let count = format!(r#"count_over_time(up{{job="ktrdr-backend"}}[10m]) >= {scrapes}"#);
        self.until("enough scrapes", &count).await;
    }

    /// Waits until `condition` has a result.
    pub(crate) async fn until(&self, what: &str, condition: &str) {
        let start = Instant::now();
        while start.elapsed() < TIMEOUT {
            if self
                .range(condition, true, SystemTime::now())
                .await
                .is_ok_and(|found| !found.is_empty())
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("timeout after {TIMEOUT:?}: waited for {what}: {condition}");
    }

    /// The groups of rules as Prometheus reports them, with the health of each rule.
    pub(crate) async fn rule_groups(&self) -> Vec<Value> {
        let url = format!("http://{}/api/v1/rules", self.address);
        let (status, answer) = testkit::get(&url).await;
        assert_eq!(status, 200, "{url}");
        list(&answer["data"], "groups").to_vec()
    }

    /// The series that a panel of `board` shows at this time, over the time since the start and
    /// with the smallest window.
    pub(crate) async fn ask(
        &self,
        board: &Board,
        query: &Query,
        at: SystemTime,
    ) -> Result<Vec<Series>, String> {
        let since = at.duration_since(self.started).unwrap_or_default();
        let values = Values {
            rate_interval: format!("{}s", (WINDOW * SCRAPE).as_secs()),
            range: format!("{}s", since.as_secs() + 1),
            variables: board.variables(),
        };
        self.range(&values.fill(&query.expr), query.instant, at)
            .await
    }

    /// Queries `/api/v1/query_range` for the time up to `at`, or for this moment only if `instant`.
    pub(crate) async fn range(
        &self,
        query: &str,
        instant: bool,
        at: SystemTime,
    ) -> Result<Vec<Series>, String> {
        let since_epoch = at.duration_since(UNIX_EPOCH);
        let end = since_epoch.expect("the clock is right");
        let start = if instant { end } else { end - GRAPH * SCRAPE };
        let [start, end, step] = [start, end, SCRAPE].map(|time| time.as_secs_f64());
        let found = self.reader.graph(query, Graph { start, end, step }).await;
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(Series::from).collect())
    }
}

impl From<Range> for Series {
    fn from(range: Range) -> Self {
        let values = range.samples.into_iter().map(|(_, value)| value);
        Self {
            labels: range.labels,
            values: values.collect(),
        }
    }
}

/// Returns the number of services to scrape.
fn write_configuration(folder: &Path, system: &System, own: &str) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let read = |file: &str| fs::read_to_string(Path::new(STACK).join("prometheus").join(file));
    let mut configuration = prometheus_configuration(folder, own);
    for (stack, here) in TIMES {
        assert!(
            configuration.contains(stack),
            "the stack's configuration does not contain {stack:?}"
        );
        configuration = configuration.replace(stack, here);
    }
    configuration = configuration.replace("tempo:3200", &system.tempo.address);
    // The rest of the stack does not run here: use the discard port, which refuses connections.
    for host in ["alertmanager:9093", "loki:3100", "alloy:12345"] {
        configuration = configuration.replace(host, "127.0.0.1:9");
    }
    fs::write(folder.join("prometheus.yml"), configuration)?;
    fs::write(folder.join("slo.yml"), read("rules/24h.yml")?)?;
    let mut services = 0;
    let mut stages = String::new();
    for stage in system.stages() {
        let targets = read(&format!("targets/stage{}.yml", stage.stage))?;
        stages += &localise(&targets, &mut services, |target| {
            RunningStage::address(stage, target)
        });
    }
    fs::write(folder.join("stage.yml"), stages)?;
    let ktrdr = &system.ktrdr;
    let targets = localise(&read("targets/ktrdr.yml")?, &mut services, |target| {
        ktrdr.address(target)
    });
    fs::write(folder.join("ktrdr.yml"), targets)?;
    Ok(services)
}

/// Replaces the address of each quoted target in `text`, and counts the targets.
fn localise<'a>(
    text: &'a str,
    count: &mut usize,
    address: impl Fn(&str) -> Option<&'a str>,
) -> String {
    let parts = text.split('"').map(|part| match address(part) {
        Some(local) => {
            *count += 1;
            local
        }
        None => part,
    });
    parts.collect::<Vec<_>>().join("\"")
}
