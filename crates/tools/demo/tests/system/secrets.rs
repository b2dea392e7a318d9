//! Passwords and signatures in wrong places do not appear anywhere.

use mini_tempo::Value as Attribute;
use testkit::get;
use tokio::process::Command;

use crate::support::{PROGRAM, collector, service};

const URL: &str = "postgres://me:hunter2@host/dice";

#[tokio::test]
async fn no_program_repeats_a_password_of_its_command_line() {
    let flag = format!("--{URL}");
    let value = format!("--listen={URL}");
    let commands: [&[&str]; 20] = [
        &[URL],
        &[&flag],
        &["--stage", URL],
        &["doctor", URL],
        &["doctor", "--stage", URL],
        &["service", URL],
        &["service", "die-service", URL],
        &["service", "die-service", &flag],
        &["service", "die-service", &value],
        &["service", "die-service", "health", URL],
        &["service", "die-service", "--", URL],
        &["service", "dice-roller", URL],
        &["service", "frontend", URL],
        &["service", "usage-sink", URL],
        &["service", "ktrdr", URL],
        &["service", "ktrdr", "backend", URL],
        &["service", "ktrdr", "worker", URL],
        &["service", "ktrdr", "drive", URL],
        &["service", "traffic-gen", URL],
        &["service", "traffic-gen", "users", URL],
    ];
    for arguments in commands {
        let output = Command::new(PROGRAM).args(arguments).output().await;
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(told.contains("REDACTED"), "{arguments:?}: {told}");
        assert!(!told.contains("hunter2"), "{arguments:?}: {told}");
    }
}

#[tokio::test]
async fn signatures_in_a_query_are_not_in_its_span() {
    let (store, otlp) = collector().await;
    let process = service("die-service", &otlp, &[]).await;
    get(&process.url("/dice?identifier=f%61ir&sig=hunter2%2F&a=%7E~+&Signature=hunter2")).await;
    let (_, lines) = process.terminate().await;
    let traces = store.traces();
    let query = traces[0].spans()[0].attribute("url.query");
    let expected = "identifier=f%61ir&sig=REDACTED&a=%7E~+&Signature=REDACTED";
    assert_eq!(query, Some(Attribute::Text(expected)));
    let told = serde_json::to_string(&lines).expect("JSON");
    assert!(!told.contains("hunter2"), "{told}");
}
