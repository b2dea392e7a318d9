//! Reconciliation of the whole system: every roll is counted, traced and logged; and the doctor
//! checks every hop.

use tokio::process::Command;

use crate::demo::Demo;
use crate::postgres::{is_here, url};
use crate::support::PROGRAM;

#[tokio::test]
async fn every_roll_sent_is_counted_traced_and_logged_while_others_roll() {
    let logs = logs("reconciliation");
    let demo = Demo::start(&["--log-dir", &logs]).await;
    reconcile(&demo, &logs, &[]).await;
}

#[tokio::test]
async fn with_a_database_every_roll_sent_is_a_row_too() {
    if !is_here() {
        return;
    }
    let logs = logs("reconciliation-with-rows");
    // Without other traffic: on a starved machine a counter takes so long to read that some of the
    // others' rolls are in doubt, and the row is then unbalanced, as it should be.
    let mut demo = Demo::spawn(&["--stage=6", "--no-traffic", "--log-dir", &logs]);
    let database = url(&demo.introduction().await, "Usage events");
    let said = reconcile(&demo, &logs, &[&format!("--usage-database-url={database}")]).await;
    assert!(said.contains("rows in PostgreSQL"), "{said}");
}

/// A directory that does not exist yet.
fn logs(name: &str) -> String {
    let logs = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_dir_all(&logs);
    logs
}

/// Runs traffic-gen's reconciliation and returns its output.
async fn reconcile(demo: &Demo, logs: &str, own: &[&str]) -> String {
    let mut arguments = demo.urls();
    arguments.push(format!("--tempo={}", demo.url(4, "")));
    arguments.push(format!("--otlp-endpoint={}", demo.url(3, "")));
    for service in ["frontend", "dice-roller", "die-service"] {
        arguments.push(format!("--log-file={logs}/{service}.log"));
    }
    let mut reconcile = Command::new(PROGRAM);
    reconcile
        .args(["service", "traffic-gen", "reconcile", "--seed=7"])
        .args(arguments)
        .args(own);
    let output = reconcile.output().await.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{said}");
    said
}

#[tokio::test]
async fn the_doctor_follows_a_roll_and_reports_missing_parts() {
    let demo = Demo::start(&["--no-traffic"]).await;
    let mut arguments = demo.urls();
    arguments.push(format!("--tempo-url={}", demo.url(4, "")));
    arguments.push("--patience=5s".to_owned());
    let examine = || {
        Command::new(PROGRAM)
            .arg("doctor")
            .args(&arguments)
            .output()
    };
    let healthy = examine().await.expect("it runs");
    assert!(
        healthy.status.success(),
        "{}",
        String::from_utf8_lossy(&healthy.stdout)
    );
    demo.kill_service(0);
    let ill = examine().await.expect("it runs");
    assert_eq!(
        ill.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&ill.stdout)
    );
    assert!(String::from_utf8_lossy(&ill.stdout).contains("die-service"));
}
