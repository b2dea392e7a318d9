//! Standard output that is full, slow, or in non-blocking mode.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use testkit::{Metrics, eventually, get};
use tokio::process::{Child, Command};

use crate::demo::Demo;
use crate::support::PROGRAM;

/// die-service that logs to `output`, once it serves, and its URL.
async fn writing_to(output: impl Into<Stdio>) -> (Child, String) {
    let address = testkit::free_address();
    let listen = format!("--listen={address}");
    let child = Command::new(PROGRAM)
        .args(["service", "die-service", &listen, "--otel-disabled"])
        .stdout(output)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let url = format!("http://{address}");
    eventually("it to serve", || async {
        testkit::fetch(format!("{url}/healthz")).await.ok()
    })
    .await;
    (child, url)
}

async fn lost(url: &str) -> f64 {
    let metrics = Metrics::scrape(&format!("{url}/metrics")).await;
    metrics.sum("telemetry_log_lines_dropped_total", &[])
}

/// Requests whose log lines, "Dice listed" each, are more than a pipe holds.
const REQUESTS: usize = 1_000;

async fn request(url: &str) {
    for _ in 0..REQUESTS {
        assert_eq!(get(&format!("{url}/dice")).await.0, 200);
    }
}

/// Stops it and returns its standard error.
async fn end(child: Child) -> String {
    let pid = i32::try_from(child.id().expect("running")).expect("small");
    let pid = nix::unistd::Pid::from_raw(pid);
    nix::sys::signal::kill(pid, Signal::SIGTERM).expect("our own child");
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The lines in a pipe up to its end, each of them whole.
fn lines(mut reader: impl Read) -> usize {
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    let lines = text.lines();
    let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect(line));
    lines.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_non_blocking_pipe_gets_every_line() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("flags");
    let (child, url) = writing_to(writer).await;
    request(&url).await;
    assert_eq!(lost(&url).await, 0.0);
    let read = std::thread::spawn(|| lines(reader));
    let said = end(child).await;
    assert_eq!(said, "");
    // "Listening" and "Stopping".
    assert_eq!(read.join().expect("lines"), REQUESTS + 2);
}

#[tokio::test]
async fn lines_that_are_not_read_in_time_are_counted_one_by_one() {
    for flags in [OFlag::empty(), OFlag::O_NONBLOCK] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        fcntl(&writer, FcntlArg::F_SETFL(flags)).expect("flags");
        let (child, url) = writing_to(writer).await;
        request(&url).await;
        let said = end(child).await;
        let (lost, _) = said.split_once(" log lines are lost").expect(&said);
        let lost: usize = lost.parse().expect("a number");
        let read = lines(reader);
        assert!(lost > 0 && read > 0, "{lost} lost, {read} read");
        assert_eq!(lost + read, REQUESTS + 2, "{lost} lost, {read} read");
    }
}

#[tokio::test]
async fn lines_that_cannot_be_written_are_counted_and_reported_once() {
    let full = File::options().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let (mut child, url) = writing_to(full).await;
    for _ in 0..3 {
        get(&format!("{url}/dice")).await;
    }
    // "Listening" and one line for each request.
    eventually("four lost lines", || async {
        let metrics = Metrics::scrape(&format!("{url}/metrics")).await;
        let reason = ["reason=\"write_failed\""];
        let lost = metrics.value("telemetry_log_lines_dropped_total", &reason);
        (lost == 4.0).then_some(())
    })
    .await;
    child.kill().await.expect("our own child");
    let output = child.wait_with_output().await.expect("it ended");
    let told = String::from_utf8_lossy(&output.stderr);
    let said = told.matches("standard output cannot be written").count();
    assert_eq!(said, 1, "{told}");
}

#[tokio::test]
async fn lines_missing_in_a_log_file_are_counted_and_reported_once() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("die-service.log");
    std::os::unix::fs::symlink("/dev/full", &log).expect("a link");
    let logs = directory.path().display().to_string();
    let demo = Demo::start(&["--no-traffic", "--roll-delay=0s", "--log-dir", &logs]).await;
    for _ in 0..3 {
        assert_eq!(get(&demo.url(2, "/roll?die=fair")).await.0, 200);
    }
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stderr);
    let log = log.display();
    let first = format!("demo: {log} cannot be written (No space left on device (os error 28))");
    assert_eq!(said.matches(&first).count(), 1, "{said}");
    // "Listening", a line for each roll, "Stopping".
    let end = format!("demo: 5 lines are missing in {log}\n");
    assert!(said.contains(&end), "{said}");
    let other = directory.path().join("dice-roller.log");
    let other = std::fs::read_to_string(other).expect("a log file");
    assert_eq!(other.matches("Roll completed").count(), 3, "{other}");
}
