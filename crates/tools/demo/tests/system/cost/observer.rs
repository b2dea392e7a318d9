//! Prometheus with the stack's configuration, and the demo's services and trace store as targets.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use signals::Reader;
use signals::prometheus::{Labels, Prometheus};
use tempfile::TempDir;
use testkit::{DEADLINE, eventually, free_address, prometheus_configuration, start_prometheus};
use tokio::process::Child;

use super::SCRAPE;
use crate::demo::Demo;

/// A running server; killed when dropped.
pub(crate) struct Observer {
    reader: Prometheus,
    started: Instant,
    _process: Child,
    _folder: TempDir,
}

impl Observer {
    /// Starts it and waits for some scrapes of every service.
    pub(crate) async fn start(demo: &Demo) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let own = free_address();
        configure(folder.path(), demo, &own);
        let process = start_prometheus(folder.path(), &own);
        let url = format!("http://{own}").parse().expect("a URL");
        let observer = Self {
            reader: Prometheus::new(Reader::new(url, DEADLINE)),
            started: Instant::now(),
            _process: process,
            _folder: folder,
        };
        eventually("every service to be scraped", || async {
            let up = observer.series(r#"sum(up{service!=""}) == 3"#).await;
            (!up.is_empty()).then_some(())
        })
        .await;
        observer.scrapes(4).await;
        observer
    }

    /// Waits for so many further scrapes of each service.
    pub(crate) async fn scrapes(&self, count: u32) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let since = since.expect("the clock is right").as_secs_f64();
        let query = format!(
            r#"min(timestamp(up{{service!=""}})) > {} and count(up{{service!=""}} == 1) == 3"#,
            since + (count * SCRAPE).as_secs_f64()
        );
        eventually("further scrapes", || async {
            (!self.series(&query).await.is_empty()).then_some(())
        })
        .await;
    }

    /// The time since the start, as a range.
    pub(crate) fn range(&self) -> String {
        format!("{}s", self.started.elapsed().as_secs() + 1)
    }

    /// The value of an instant query that has one.
    pub(crate) async fn ask(&self, query: &str) -> f64 {
        let series = self.series(query).await;
        assert_eq!(series.len(), 1, "{query}: {series:?}");
        series[0].1
    }

    /// The series of an instant query; none if there is no answer.
    pub(crate) async fn series(&self, query: &str) -> Vec<(Labels, f64)> {
        let found = self.reader.instant(query).await.unwrap_or_default();
        let found = found.into_iter();
        found.map(|series| (series.labels, series.value)).collect()
    }
}

fn configure(folder: &Path, demo: &Demo, own: &str) {
    let stack = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../stack/prometheus"
    ));
    let read = |file: &str| fs::read_to_string(stack.join(file)).expect("the stack is there");
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("the folder can be written");
    };
    let address = |flag: usize| format!("127.0.0.1:{}", demo.ports[flag]);
    let interval = format!("scrape_interval: {}s", SCRAPE.as_secs());
    let mut configuration = prometheus_configuration(folder, own)
        .replace("scrape_interval: 5s", &interval)
        .replace("scrape_timeout: 4s", "scrape_timeout: 900ms")
        .replace("tempo:3200", &address(4));
    // The rest of the stack does not run here: the discard port refuses connections.
    for other in ["alertmanager:9093", "loki:3100", "alloy:12345"] {
        configuration = configuration.replace(other, "127.0.0.1:9");
    }
    write("prometheus.yml", &configuration);
    write("slo.yml", "groups: []\n");
    write("ktrdr.yml", "[]\n");
    // The prober is not there without traffic.
    let targets = read("targets/stage4.yml");
    let (targets, _) = targets
        .split_once("- targets: [\"prober")
        .expect("the prober is last");
    let targets = targets
        .replace("die-service-stage4:8000", &address(0))
        .replace("dice-roller-stage4:8000", &address(1))
        .replace("frontend-stage4:8000", &address(2));
    write("stage.yml", &targets);
}
