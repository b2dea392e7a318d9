//! The doctor, through its command line, on a simulated system with injected faults.

mod advice;
mod alerts;
mod parts;
mod patient;
mod settled;
mod stages;

use std::process::Output;

use patient::{Fault, Patient};
use serde_json::Value;
use tokio::process::Command;

const HOPS: [&str; 11] = [
    "services healthy",
    "one roll",
    "counter moved",
    "scraped by Prometheus",
    "trace in Tempo",
    "log lines in Loki",
    "handed on by Alloy",
    "exemplar in Prometheus",
    "nothing lost on the way",
    "alerts in Alertmanager",
    "dashboards in Grafana",
];

fn doctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doctor"));
    command.env("DOCTOR_PATIENCE", "300ms").args(arguments);
    command
}

async fn run(arguments: &[&str]) -> Output {
    doctor(arguments).output().await.expect("the doctor starts")
}

async fn examine(patient: &Patient, more: &[&str]) -> (i32, Value) {
    let urls = patient.urls();
    let mut arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    arguments.push("--json");
    arguments.extend(more);
    let output = run(&arguments).await;
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code().expect("no signal"), report)
}

fn row<'a>(report: &'a Value, hop: &str) -> &'a Value {
    let rows = report["hops"].as_array().expect("a list");
    let row = rows.iter().find(|row| row["hop"] == hop);
    row.unwrap_or_else(|| panic!("no {hop} in {report:#}"))
}

#[tokio::test]
async fn every_hop_of_a_healthy_system_works() {
    let patient = Patient::with(&[]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(report["healthy"], true);
    assert_eq!(report["trace_id"], patient::TRACE_ID);
    for hop in HOPS {
        assert_eq!(row(&report, hop)["state"], "ok", "{report:#}");
    }
    let trace = row(&report, "trace in Tempo")["saw"].to_string();
    for service in [
        "7 of 7 spans",
        "frontend 2",
        "dice-roller 4",
        "die-service 1",
    ] {
        assert!(trace.contains(service), "{trace}");
    }
}

#[tokio::test]
async fn the_table_has_a_numbered_row_for_each_hop() {
    let patient = Patient::with(&[]).await;
    let urls = patient.urls();
    let arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    let output = run(&arguments).await;
    let table = String::from_utf8(output.stdout).expect("text");
    for (number, hop) in HOPS.iter().enumerate() {
        let start = format!("{:2} {hop} ", number + 1);
        assert!(table.contains(&start), "no {start:?} in\n{table}");
    }
    assert!(table.ends_with("Every hop works.\n"), "{table}");
}

/// One fault, and the expected report.
async fn finds(fault: Fault, hop: &str, cause: &str, command: &str) {
    let patient = Patient::with(&[fault]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(report["healthy"], false);
    let row = row(&report, hop);
    assert_eq!(row["state"], "broken", "{report:#}");
    let said = |key: &str| row[key].as_str().expect("text").to_owned();
    assert!(said("likely_cause").contains(cause), "{row:#}");
    assert!(said("command").contains(command), "{row:#}");
}

#[tokio::test]
async fn a_service_that_is_down_is_named() {
    let command = "docker compose logs --tail 30 die-service";
    finds(
        Fault::DieServiceIll,
        "services healthy",
        "die-service",
        command,
    )
    .await;
}

#[tokio::test]
async fn a_roll_that_fails_points_behind_the_frontend() {
    finds(
        Fault::RollFails,
        "one roll",
        "the frontend works",
        "dice-roller",
    )
    .await;
}

#[tokio::test]
async fn a_counter_that_stands_still_is_broken() {
    finds(
        Fault::CounterStuck,
        "counter moved",
        "another dice-roller",
        "restart",
    )
    .await;
}

#[tokio::test]
async fn a_missing_target_points_to_the_targets_file() {
    let command = "cat /etc/prometheus/targets/stage.yml";
    finds(
        Fault::NoTarget,
        "scraped by Prometheus",
        "another stage",
        command,
    )
    .await;
}

#[tokio::test]
async fn a_backend_that_is_not_ready_is_reported_at_once() {
    let command = "docker compose ps -a prometheus";
    finds(
        Fault::PrometheusStarting,
        "scraped by Prometheus",
        "is starting",
        command,
    )
    .await;
}

#[tokio::test]
async fn old_samples_do_not_count_as_the_roll() {
    finds(
        Fault::OldSample,
        "scraped by Prometheus",
        "scrape fails",
        "/api/v1/targets",
    )
    .await;
}

#[tokio::test]
async fn a_missing_trace_points_to_alloy_if_it_is_down() {
    let patient = Patient::with(&[Fault::NoTrace, Fault::AlloyDown]).await;
    let (_, report) = examine(&patient, &[]).await;
    let row = row(&report, "trace in Tempo");
    let command = row["command"].as_str().expect("text");
    assert!(command.contains("logs --tail 30 alloy"), "{row:#}");
    let exemplar = self::row(&report, "exemplar in Prometheus");
    assert_eq!(exemplar["state"], "not_reached", "one cause, said once");
}

#[tokio::test]
async fn a_trace_without_a_service_names_that_service() {
    finds(
        Fault::HalfATrace,
        "trace in Tempo",
        "die-service exports no spans",
        "die-service",
    )
    .await;
}

#[tokio::test]
async fn missing_lines_point_to_the_docker_socket() {
    finds(
        Fault::NoLines,
        "log lines in Loki",
        "Docker socket",
        "docker-proxy",
    )
    .await;
}

#[tokio::test]
async fn a_missing_exemplar_names_the_feature_flag() {
    let cause = "--enable-feature=exemplar-storage";
    finds(Fault::NoExemplar, "exemplar in Prometheus", cause, "tempo").await;
}

#[tokio::test]
async fn an_exemplar_must_lead_to_a_trace() {
    finds(
        Fault::StrangeExemplar,
        "exemplar in Prometheus",
        "lost the trace",
        "tempo",
    )
    .await;
}

#[tokio::test]
async fn a_missing_dashboard_is_named() {
    finds(
        Fault::NoDashboard,
        "dashboards in Grafana",
        "rejected",
        "provisioning",
    )
    .await;
}

#[tokio::test]
async fn a_closed_grafana_says_which_setting_opens_it() {
    finds(
        Fault::ClosedGrafana,
        "dashboards in Grafana",
        "GF_AUTH_ANONYMOUS_ENABLED",
        "grafana",
    )
    .await;
}

#[tokio::test]
async fn parts_that_a_run_does_not_have_are_not_failures() {
    let faults = [
        Fault::NoTarget,
        Fault::NoLines,
        Fault::NoExemplar,
        Fault::NoDashboard,
    ];
    let patient = Patient::with(&faults).await;
    let without = ["--without", "alloy,prometheus,alertmanager,loki,grafana"];
    let (code, report) = examine(&patient, &without).await;
    assert_eq!(code, 0, "{report:#}");
    for hop in &HOPS[..3] {
        assert_eq!(row(&report, hop)["state"], "ok", "{report:#}");
    }
    for hop in [
        "scraped by Prometheus",
        "log lines in Loki",
        "dashboards in Grafana",
    ] {
        assert_eq!(row(&report, hop)["state"], "not_part", "{report:#}");
    }
}

#[tokio::test]
async fn without_a_system_it_says_how_to_start_one() {
    let patient = Patient::gone(4);
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 1);
    let command = row(&report, "services healthy")["command"].clone();
    assert_eq!(command, "docker compose up --wait");
    assert_eq!(row(&report, "trace in Tempo")["state"], "not_reached");

    // The parts of a run do not determine what started them.
    let without = ["--without", "alloy,prometheus,alertmanager,loki,grafana"];
    for (runner, start) in [
        (&[][..], "docker compose up --wait"),
        (&["--runner=demo"], "cargo run --release"),
    ] {
        let (_, report) = examine(&patient, &[&without, runner].concat()).await;
        let command = row(&report, "services healthy")["command"].clone();
        assert_eq!(command, start);
    }
}

#[tokio::test]
async fn wrong_arguments_are_explained() {
    for stage in ["0", "7"] {
        let output = run(&["--stage", stage]).await;
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(text.contains(&format!("{stage} is not in 1..=6")), "{text}");
    }
}
