//! `cargo xtask bench gate`, with figures from files.

use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;
use tooling::command::root;

/// Figures in a file: a row and its instructions.
fn figures(folder: &TempDir, name: &str, counted_with: &str, rows: &[(&str, u64)]) -> PathBuf {
    let rows: serde_json::Map<_, _> = rows
        .iter()
        .map(|(row, count)| ((*row).to_owned(), (*count).into()))
        .collect();
    let text = serde_json::json!({"counted_with": counted_with, "instructions": rows});
    let file = folder.path().join(name);
    std::fs::write(&file, text.to_string()).expect("a temporary folder");
    file
}

/// The gate's verdict on figures of now, against those of a release.
fn gate(released: &[(&str, u64)], now: &[(&str, u64)]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let released = figures(&folder, "released.json", "rustc 1", released);
    let now = figures(&folder, "now.json", "rustc 1", now);
    run(Command::new(env!("CARGO_BIN_EXE_bench"))
        .arg("gate")
        .arg("--figures")
        .arg(released)
        .arg("--counted")
        .arg(now))
}

/// Whether it succeeded, and all its output.
fn run(command: &mut Command) -> (bool, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it starts");
    let text = [stdout, stderr].concat();
    (
        status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_row_that_costs_too_much_fails_with_its_name_both_figures_and_the_bound() {
    let (passed, text) = gate(
        &[("logs", 24_000), ("traces 100 %", 50_000)],
        &[("logs", 24_000), ("traces 100 %", 52_600)],
    );
    assert!(!passed, "{text}");
    let expected = "bench: traces 100 %: 52,600 instructions a request, +5.2 % against the 50,000 of the last \
                    release; at most 52,500 are allowed";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("bench: logs"), "{text}");
}

#[test]
fn every_row_that_costs_too_much_is_named() {
    let (passed, text) = gate(&[("a", 100), ("b", 1_000)], &[("a", 106), ("b", 1_051)]);
    assert!(!passed, "{text}");
    for row in ["a: 106 instructions", "b: 1,051 instructions"] {
        assert!(text.contains(row), "{text}");
    }
}

#[test]
fn a_difference_within_five_percent_passes_without_a_hint() {
    let (passed, text) = gate(
        &[("a", 20_000), ("b", 20_000)],
        &[("a", 21_000), ("b", 19_000)],
    );
    assert!(passed, "{text}");
    assert!(!text.contains("hint"), "{text}");
}

#[test]
fn a_row_that_became_cheaper_passes_with_a_hint_to_record_it() {
    let (passed, text) = gate(
        &[("a", 20_000), ("b", 20_000)],
        &[("a", 18_900), ("b", 20_000)],
    );
    assert!(passed, "{text}");
    let expected =
        "hint: a: 18,900 instructions a request, -5.5 % against the 20,000 of the last release";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("bench gate --record"), "{text}");
    assert!(!text.contains("hint: b"), "{text}");
}

#[test]
fn a_row_without_a_counterpart_fails() {
    let (passed, text) = gate(&[("a", 1), ("gone", 1)], &[("a", 1), ("new", 1)]);
    assert!(!passed, "{text}");
    assert!(text.contains("gone: it was not counted"), "{text}");
    assert!(text.contains("new: the release has no figure"), "{text}");
}

#[test]
fn a_failure_names_the_tools_if_they_are_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let released = figures(
        &folder,
        "released.json",
        "rustc 1, valgrind 3",
        &[("a", 100)],
    );
    let now = figures(&folder, "now.json", "rustc 2, valgrind 3", &[("a", 200)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.arg("gate").arg("--figures").arg(released);
    let (passed, text) = run(command.arg("--counted").arg(now));
    assert!(!passed, "{text}");
    let expected =
        "the release was counted with rustc 1, valgrind 3, this with rustc 2, valgrind 3";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn recorded_figures_are_those_that_the_next_run_is_compared_with() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let released = folder.path().join("released.json");
    let now = figures(&folder, "now.json", "rustc 1", &[("a", 100)]);
    let later = figures(&folder, "later.json", "rustc 1", &[("a", 106)]);
    let gate = |counted: &PathBuf, record: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command.arg("gate").arg("--figures").arg(&released);
        run(command.arg("--counted").arg(counted).args(record))
    };
    let (passed, text) = gate(&now, &[]);
    assert!(
        !passed && text.contains("gate --record writes it"),
        "{text}"
    );
    let (passed, text) = gate(&now, &["--record"]);
    assert!(passed, "{text}");
    let (passed, text) = gate(&now, &[]);
    assert!(passed, "{text}");
    let (passed, text) = gate(&later, &[]);
    assert!(
        !passed && text.contains("at most 105 are allowed"),
        "{text}"
    );
}

#[test]
fn the_committed_figures_have_the_baseline_and_every_variant() {
    let file = root().join("crates/tools/bench/figures.json");
    let text = std::fs::read_to_string(file).expect("committed figures");
    let figures: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rows = figures["instructions"].as_object().expect("rows");
    let rows: Vec<&str> = rows.keys().map(String::as_str).collect();
    let expected = [
        "bare axum",
        "die-service, logs",
        "die-service, traces 10 %",
        "die-service, traces 100 %",
    ];
    assert_eq!(rows, expected);
}
