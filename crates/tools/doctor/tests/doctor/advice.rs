//! The advice fits the running system, and the shell's environment does not affect the examination.

use serde_json::Value;

use crate::patient::{Fault, Patient};
use crate::{doctor, examine, row};

#[tokio::test]
async fn a_container_that_ended_is_shown() {
    let patient = Patient::with(&[Fault::DieServiceIll]).await;
    let (_, report) = examine(&patient, &[]).await;
    let command = row(&report, "services healthy")["command"].to_string();
    assert!(
        command.contains("docker compose ps -a die-service"),
        "{command}"
    );
}

#[tokio::test]
async fn while_a_demo_runs_the_advice_is_to_restart_it() {
    let patient = Patient::with(&[Fault::RollFails]).await;
    let (_, report) = examine(&patient, &["--runner=demo"]).await;
    let command = row(&report, "one roll")["command"].to_string();
    assert!(
        command.contains("press Ctrl-C where the demo runs"),
        "{command}"
    );
    assert!(command.contains("--stage 4 --logs"), "{command}");
}

#[tokio::test]
async fn the_advice_has_the_ports_of_the_demo() {
    let port = testkit::free_port().expect("a free port");
    let urls = [
        format!("--frontend-url=http://localhost:{port}"),
        format!("--dice-roller-url=http://localhost:{port}"),
        format!("--die-service-url=http://localhost:{port}"),
        format!("--tempo-url=http://localhost:{port}"),
        "--runner=demo".to_owned(),
        "--json".to_owned(),
    ];
    let output = doctor(&urls.each_ref().map(String::as_str)).output().await;
    let report: Value = serde_json::from_slice(&output.expect("it starts").stdout).expect("JSON");
    let command = row(&report, "services healthy")["command"].clone();
    let expected = format!(
        "cargo run --release -- --stage 4 --frontend-port {port} --dice-roller-port {port} \
         --die-service-port {port} --tempo-port {port}"
    );
    assert_eq!(command, expected);
}

#[tokio::test]
async fn a_proxy_of_the_shell_is_not_used_for_this_machine() {
    let patient = Patient::with(&[]).await;
    let mut arguments = patient.urls();
    arguments.push("--json".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let mut command = doctor(&arguments);
        let output = command.env(variable, "http://127.0.0.1:1").output().await;
        let output = output.expect("the doctor starts");
        assert!(output.status.success(), "{variable}: {output:?}");
    }
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let patient = Patient::with(&[]).await;
    let arguments = patient.urls();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = doctor(&arguments);
    for variable in ["STAGE", "DOCTOR_WITHOUT", "DOCTOR_PATIENCE", "GRAFANA_URL"] {
        command.env(variable, "");
    }
    let output = command.output().await.expect("the doctor starts");
    assert!(output.status.success(), "{output:?}");
}
#[tokio::test]
async fn help_shows_no_value_of_a_variable() {
    let mut command = doctor(&["--help"]);
    let output = command
        .env("GRAFANA_URL", "http://me:secret@grafana/")
        .output()
        .await;
    let output = output.expect("the doctor starts");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        text.contains("GRAFANA_URL") && !text.contains("secret"),
        "{text}"
    );
}
