//! The rules of both clocks on given series: when alerts fire, when they stay silent and when they
//! clear, checked by `promtool test rules`. The cases are in `promtool/*.yml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::skip_without;

/// The cases.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promtool");
    let files = fs::read_dir(folder).expect("the folder of cases exists");
    files.map(|file| file.expect("readable").path()).collect()
}

/// Runs `promtool ARGUMENTS FILE` in a folder with the compiled rules. None if promtool is missing.
fn promtool(arguments: &[&str], file: impl Fn(&Path) -> PathBuf) -> Option<Result<(), String>> {
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    for (name, rules) in slo::compile().expect("the objectives have alerts that can fire") {
        fs::write(folder.path().join(name), rules).expect("the folder can be written");
    }
    let mut promtool = Command::new("promtool");
    let output = promtool.args(arguments).arg(file(folder.path())).output();
    match output {
        Ok(output) if output.status.success() => Some(Ok(())),
        Ok(output) => Some(Err(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))),
        Err(error) => {
            skip_without(format_args!("promtool: {error}"));
            None
        }
    }
}

#[test]
fn prometheus_accepts_the_rules() {
    for (name, _) in slo::compile().expect("the objectives have alerts that can fire") {
        if let Some(verdict) = promtool(&["check", "rules"], |folder| folder.join(&name)) {
            assert_eq!(verdict, Ok(()));
        }
    }
}

#[test]
fn alerts_fire_and_clear_as_the_cases_expect() {
    let cases = cases();
    assert!(cases.len() > 2, "{cases:?}");
    for case in cases {
        let copy = |folder: &Path| {
            let copy = folder.join("cases.yml");
            fs::copy(&case, &copy).expect("the folder can be written");
            copy
        };
        if let Some(verdict) = promtool(&["test", "rules"], copy) {
            assert_eq!(verdict, Ok(()), "{}", case.display());
        }
    }
}

/// Every alert is in a case: otherwise nothing shows that it can fire.
#[test]
fn every_alert_fires_in_a_case() {
    let cases: String = cases()
        .iter()
        .map(|case| fs::read_to_string(case).expect("a case is text"))
        .collect();
    for alert in slo::alerts().expect("the objectives have alerts that can fire") {
        let fires = format!(r#"ALERTS{{alertname="{alert}",alertstate="firing""#);
        assert!(cases.contains(&fires), "{alert} fires in no case");
    }
}

#[test]
fn committed_rules_are_what_the_source_compiles_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../stack/prometheus/rules");
    let compiled = slo::compile().expect("the objectives have alerts that can fire");
    for (file, rules) in &compiled {
        let committed = fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert!(
            committed == *rules,
            "stack/prometheus/rules/{file} is out of date: run `cargo xtask slo`"
        );
    }
    let committed = fs::read_dir(folder).expect("the folder of rules exists");
    assert_eq!(committed.count(), compiled.len(), "a file has no source");
}
