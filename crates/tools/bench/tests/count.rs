//! `cargo xtask bench count`, with the real callgrind and a server whose work is known.

use std::path::PathBuf;
use std::process::Command;

use testkit::{is_there, skip_without};

/// `examples/work.rs`, which cargo compiles with the tests.
fn server() -> PathBuf {
    let test = std::env::current_exe().expect("this program has a path");
    let folder = test.ancestors().nth(2).expect("target/debug/deps");
    folder.join("examples/work")
}

/// Instructions a request with so many steps of work.
fn count(steps: u64) -> f64 {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(["count", "--requests=200"]).arg(server());
    let output = bench.arg(steps.to_string()).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text.trim().parse().expect("a number")
}

#[test]
fn ten_times_the_work_is_ten_times_the_instructions() {
    if !is_there("valgrind") {
        return skip_without("valgrind");
    }
    let [idle, once, ten_times] = [0, 1_000, 10_000].map(count);
    let ratio = (ten_times - idle) / (once - idle);
    assert!((9.95..10.05).contains(&ratio), "{idle} {once} {ten_times}");
    // Start and end of the program, some hundred thousand, would be in a count without a difference.
    assert!((1_000.0..50_000.0).contains(&idle), "{idle}");
}

#[test]
fn a_program_that_answers_an_error_is_not_counted() {
    if !is_there("valgrind") {
        return skip_without("valgrind");
    }
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(["count", "--requests=1"]).arg(server());
    let output = bench.arg("404").arg("not found").output();
    let output = output.expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{errors}");
    assert!(errors.contains("404 Not Found"), "{errors}");
}
