//! The region on dashboards: a real Prometheus has the samples of the past after the reveal, and none
//! before.

use std::fs;
use std::process::Stdio;

use signals::Reader;
use signals::prometheus::Prometheus;
use testkit::{DEADLINE, eventually, free_port, skip_without};
use tokio::process::{Child, Command};

use crate::Place;

/// As in the stack.
const CONFIGURATION: &str = include_str!("../../../../../stack/prometheus/prometheus.yml");

/// The setting of the stack for samples of the past.
fn storage() -> &'static str {
    let (_, storage) = CONFIGURATION.split_once("\nstorage:\n").expect("a chapter");
    assert!(
        storage.contains("out_of_order_time_window: 1h"),
        "{storage}"
    );
    storage
}

#[tokio::test]
async fn the_fault_is_on_the_dashboards_once_it_is_revealed() {
    let place = Place::new();
    let Some((url, _prometheus)) = start(&place).await else {
        return skip_without("the program prometheus");
    };
    let prometheus = Prometheus::new(Reader::new(url.parse().expect("a URL"), DEADLINE));
    let flag = format!("--prometheus-url={url}");
    let drill = async || {
        let mut flags = vec!["--fault=log-flood", "--delay=0s", "--after=6s", "--json"];
        flags.extend(["--answers=service=frontend", &flag]);
        let output = place.command(&flags).output().await.expect("it runs");
        assert!(output.status.success(), "{output:?}");
        crate::json(&output)
    };
    let before = prometheus.instant("fault_active").await.expect("an answer");
    assert!(before.is_empty(), "{before:?}");
    // Twice: the second one continues the series.
    for round in 1..=2 {
        let report = drill().await;
        let timeline = report["timeline"].as_str().expect("text");
        assert!(timeline.contains("is now a region"), "{timeline}");
        let series = eventually("its samples", || async {
            let series = prometheus.range("fault_active[5m]").await.ok()?;
            series.into_iter().next()
        })
        .await;
        assert_eq!(series.labels["fault"], "log-flood");
        assert_eq!(series.labels["service"], "frontend");
        let on = series.samples.iter().filter(|(_, value)| *value == 1.0);
        assert!(on.count() >= 2 * round, "{series:?}");
        let (_, last) = series.samples.last().expect("samples");
        assert_eq!(*last, 0.0, "it has ended");
    }
}

/// A Prometheus with the storage of the stack and nothing to scrape.
async fn start(place: &Place) -> Option<(String, Child)> {
    let folder = place.file.parent().expect("a folder");
    let config = folder.join("prometheus.yml");
    fs::write(&config, format!("storage:\n{}", storage())).expect("a file");
    let port = free_port().expect("a free port");
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args([
            "--web.enable-remote-write-receiver",
            "--enable-feature=exemplar-storage",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let url = format!("http://127.0.0.1:{port}");
    let prometheus = Prometheus::new(Reader::new(url.parse().expect("a URL"), DEADLINE));
    eventually("Prometheus", || async {
        prometheus.instant("vector(1)").await.ok()
    })
    .await;
    Some((url, child))
}
