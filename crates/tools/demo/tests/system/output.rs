//! Standard output that is full, slow, or set by its other end not to block.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use testkit::{Metrics, eventually, get};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::support::PROGRAM;

/// die-service that writes its lines to `output`, once it serves, and its URL.
async fn writing_to(output: impl Into<Stdio>) -> (Child, String) {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
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
        reqwest::get(format!("{url}/healthz")).await.ok()
    })
    .await;
    (child, url)
}

async fn lost(url: &str) -> f64 {
    let metrics = Metrics::scrape(&format!("{url}/metrics")).await;
    metrics.sum("telemetry_log_lines_dropped_total", &[])
}

/// Requests whose lines are more than a pipe holds: "Dice listed", each.
const REQUESTS: usize = 1_000;

async fn request(url: &str) {
    for _ in 0..REQUESTS {
        assert_eq!(get(&format!("{url}/dice")).await.0, 200);
    }
}

/// Ends it; what it said on standard error.
async fn end(child: Child) -> String {
    let pid = i32::try_from(child.id().expect("running")).expect("small");
    let pid = nix::unistd::Pid::from_raw(pid);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("our own child");
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
async fn a_reader_that_set_its_pipe_not_to_block_gets_every_line() {
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
async fn lines_that_nobody_reads_in_time_are_counted_one_by_one() {
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
async fn lines_that_cannot_be_written_are_counted_and_said_once() {
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
