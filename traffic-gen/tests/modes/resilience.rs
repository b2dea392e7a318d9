//! `resilience`.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::run::{interrupt, start, traffic_gen};
use crate::services::Services;
use crate::stand_in::{StandIn, threes};

/// A frontend whose die-service is unavailable while a file exists.
struct Breakable {
    frontend: StandIn,
    file: PathBuf,
}

impl Breakable {
    async fn start(name: &str) -> Self {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_file(&file);
        let broken = file.clone();
        let frontend = StandIn::start(move |target| {
            if broken.exists() {
                let detail = "die-service is not available; try again later";
                return (503, format!(r#"{{"detail":"{detail}"}}"#));
            }
            threes(target)
        })
        .await;
        Self { frontend, file }
    }

    fn arguments(&self, more: &[&str]) -> Vec<String> {
        let file = self.file.display();
        let (during, restore) = (format!("touch {file}"), format!("rm {file}"));
        let mut arguments = vec![
            "resilience",
            "--json",
            "--traces-exporter=none",
            "--rate=50",
        ];
        arguments.extend(["--frontend-url", &self.frontend.url]);
        arguments.extend(["--during", &during, "--restore", &restore]);
        arguments.extend(more);
        arguments.into_iter().map(str::to_owned).collect()
    }
}

fn strs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn an_outage_is_reported_by_length_status_and_service() {
    let system = Breakable::start("outage").await;
    let arguments = system.arguments(&["--duration=7s", "--at=2s", "--restore-at=4s"]);
    let finished = traffic_gen(&strs(&arguments)).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.json();
    let number = |key: &str| {
        report[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {report}"))
    };
    let (answered, failed) = (number("answered"), number("failed"));
    assert_eq!(answered + failed, 350.0, "{report}");
    assert_eq!(number("availability"), answered / 350.0);
    let outage = number("longest_outage_seconds");
    // Each second of it had 50 requests. In the first and the last, perhaps only one failed; between
    // them all did.
    let bounds = (outage - 2.0) * 50.0..=(outage + 1.0) * 50.0;
    assert!(bounds.contains(&failed), "{report}");
    assert!((1.0..5.0).contains(&outage), "{report}");
    // On a busy machine, requests that could not be sent on time count as failures.
    let not_sent = report["failures_by_status"]["not sent"].as_f64();
    let refused = failed - not_sent.unwrap_or_default();
    assert_eq!(report["failures_by_status"]["503"].as_f64(), Some(refused));
    assert_eq!(
        report["failures_by_hop"]["die-service"].as_f64(),
        Some(refused)
    );
    assert!(
        (0.0..=3.0).contains(&number("recovery_seconds")),
        "{report}"
    );
    assert_eq!(report["windows"].as_array().expect("windows").len(), 7);
}

#[tokio::test]
async fn failures_of_the_real_services_are_reported_by_service() {
    let mut services = Services::start(Duration::ZERO).await;
    let frontend = services.frontend.clone();
    fails(&frontend, "hop", json!({})).await;
    services.stop_die_service().await;
    fails(&frontend, "hop", json!({ "die-service": 20 })).await;
    services.stop_dice_roller().await;
    fails(&frontend, "hop", json!({ "dice-roller": 20 })).await;
}

#[tokio::test]
async fn an_unavailable_database_is_reported_as_a_database_failure() {
    let Some(postgres) = testkit::postgres().await else {
        return;
    };
    let database = format!("--database-url={}", postgres.url("postgres", "postgres"));
    let services = Services::start_with(Duration::ZERO, &[&database]).await;
    let dice = format!("{}/dice", services.die_service);
    let prepared = async || (testkit::get(&dice).await.0 == 200).then_some(());
    testkit::eventually("the dice", &prepared).await;
    fails(&services.frontend, "hop", json!({})).await;
    postgres.stop().await.expect("it ran");
    fails(&services.frontend, "hop", json!({ "database": 20 })).await;
    fails(&services.frontend, "status", json!({ "503": 20 })).await;
    postgres.start_again().await.expect("it was stopped");
    testkit::eventually("the dice again", &prepared).await;
    fails(&services.frontend, "hop", json!({})).await;
}

/// The failures of 20 rolls within a second, by `what`.
async fn failures(frontend: &str, what: &str) -> serde_json::Value {
    let finished = traffic_gen(&[
        "resilience",
        "--json",
        "--traces-exporter=none",
        "--rate=20",
        "--duration=1s",
        "--frontend-url",
        frontend,
    ])
    .await;
    finished.json()[format!("failures_by_{what}")].clone()
}

/// Waits for a run whose failures are `expected`: on a busy machine a request may time out, which is
/// a failure of another kind.
async fn fails(frontend: &str, what: &str, expected: serde_json::Value) {
    testkit::becomes(what, expected, || failures(frontend, what)).await;
}

#[tokio::test]
async fn a_run_without_recovery_fails() {
    let system = Breakable::start("broken-for-good").await;
    let mut arguments = system.arguments(&["--duration=3s", "--at=1s", "--restore-at=2s"]);
    let restore = arguments
        .iter()
        .position(|argument| argument == "--restore");
    arguments[restore.expect("given") + 1] = "true".to_owned();
    let finished = traffic_gen(&strs(&arguments)).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(finished.json()["clean_at_end"], false);
    std::fs::remove_file(&system.file).expect("was broken");
}

#[tokio::test]
async fn recovery_without_a_restoring_command_counts_from_the_breaking_one() {
    let system = Breakable::start("heals-itself").await;
    let file = system.file.display();
    let during = format!("touch {file}; (sleep 1; rm {file}) > /dev/null 2>&1 &");
    let run = async |more: &[&str]| {
        let flags = ["--traces-exporter=none", "--rate=20", "--at=1s", "--during"];
        let own = ["resilience", "--frontend-url", &system.frontend.url];
        traffic_gen(&[&own, &flags[..], &[&during, "--duration=5s"], more].concat()).await
    };
    // On a busy machine, requests that could not be sent on time count as failures.
    testkit::eventually("a run that ends clean", || async {
        let finished = run(&[]).await;
        let said = "recovery         by itself: clean again ";
        finished.stdout.contains(said).then_some(())
    })
    .await;
    testkit::eventually("a recovery in the report", || async {
        let report = run(&["--json"]).await.json();
        let recovery = report["recovery_seconds"].as_f64()?;
        (0.5..4.0).contains(&recovery).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_command_that_fails_fails_the_run() {
    let frontend = StandIn::start(threes).await;
    let finished = traffic_gen(&[
        "resilience",
        "--json",
        "--traces-exporter=none",
        "--duration=2s",
        "--at=0s",
        "--during=exit 3",
        "--frontend-url",
        &frontend.url,
    ])
    .await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert_eq!(finished.json()["commands"][0]["problem"], "exit status: 3");
}

#[tokio::test]
async fn ctrl_c_restores_what_was_broken() {
    let system = Breakable::start("interrupted").await;
    let arguments = system.arguments(&["--duration=60s", "--at=0s", "--restore-at=50s"]);
    let child = start(&strs(&arguments));
    testkit::eventually("it to be broken", || async {
        system.file.exists().then_some(())
    })
    .await;
    let finished = interrupt(child).await;
    assert!(!system.file.exists(), "{finished:?}");
    let report = finished.json();
    assert_eq!(report["interrupted"], true);
    // The report omits the seconds that were never reached.
    let windows = report["windows"].as_array().expect("windows");
    assert!((1..30).contains(&windows.len()), "{report}");
    assert_eq!(
        report["commands"].as_array().expect("commands").len(),
        2,
        "{report}"
    );
}
