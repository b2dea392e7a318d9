//! The flag for the stage, and what `--help` prints about the stages.

use nix::sys::signal::Signal;
use tokio::process::Command;

use crate::demo::{Demo, command, free_ports};
use crate::support::PROGRAM;

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let ports = free_ports();
    let mut command = command(&ports);
    for variable in ["STAGE", "LOG_ROUTES", "DATABASE_URL", "DIE_SERVICE_URL"] {
        command.env(variable, "");
    }
    let child = command.arg("--no-traffic").spawn().expect("it starts");
    let mut demo = Demo { child, ports };
    let said = demo.introduction().await;
    assert!(said.contains("stage 4 of 6"), "{said}");
    demo.stop(Signal::SIGTERM).await;
}

#[tokio::test]
async fn invalid_values_are_rejected_with_the_allowed_ones() {
    for (arguments, code, words) in [
        (["--stage", "7"], 2, ["7", "1..=6"]),
        (["--stage", "0"], 2, ["0", "1..=6"]),
        (["--log-routes", "usage"], 1, ["stage 4", "stage 6"]),
        (["--log-routes", "alloy"], 2, ["usage-and-loki", "alloy"]),
        (
            ["--database-url", "mysql://x/y"],
            2,
            ["--database-url", "postgres://"],
        ),
    ] {
        let output = Command::new(PROGRAM).args(arguments).output().await;
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        for word in words {
            assert!(said.contains(word), "{word:?} is not in {said}");
        }
    }
}

#[tokio::test]
async fn the_help_lists_the_services_and_ports_of_each_stage() {
    let output = Command::new(PROGRAM).arg("--help").output().await;
    let help = String::from_utf8(output.expect("it runs").stdout).expect("UTF-8");
    for row in [
        ["1", "-", "8100", "-", "-", "-"],
        ["2", "-", "8101", "8102", "-", "-"],
        ["3", "8103", "8104", "8105", "-", "-"],
        ["4", "8106", "8107", "8108", "-", "-"],
        ["5", "8109", "8110", "8111", "-", "a"],
        ["6", "8112", "8113", "8114", "8115", "a"],
    ] {
        let words = |line: &str| line.split_whitespace().take(6).eq(row);
        assert!(help.lines().any(words), "{row:?} is not in {help}");
    }
}

#[tokio::test]
async fn the_short_help_fits_a_screen_and_the_long_one_has_telemetry() {
    let help = async |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).output().await;
        String::from_utf8(output.expect("it runs").stdout).expect("UTF-8")
    };
    let services = ["die-service", "dice-roller", "frontend", "usage-sink"];
    for service in services {
        let short = help(&["service", service, "-h"]).await;
        assert!(short.lines().count() <= 50, "{short}");
        assert!(
            short.contains("--listen") && !short.contains("--otlp-endpoint"),
            "{short}"
        );
        let long = help(&["service", service, "--help"]).await;
        let (own, telemetry) = long.split_once("Telemetry:").expect("a heading");
        assert!(
            own.contains("--listen") && telemetry.contains("--otlp-endpoint"),
            "{long}"
        );
    }
    let short = help(&["-h"]).await;
    assert!(short.lines().count() <= 45, "{short}");
    let long = help(&["--help"]).await;
    for flag in ["--max-spans", "--log-filter", "RUST_BACKTRACE"] {
        assert!(
            !short.contains(flag) && long.contains(flag),
            "{flag}: {long}"
        );
    }
}
