//! The memory that many clients cost, and that it is freed.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use testkit::Process;

use crate::support::{ROLL, assert_healthy, crowd, silent, start};

/// Raises the limit of this process, for its clients.
fn raise_file_limit() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("the soft limit may be raised");
}

/// The container has 40 MB. A debug build needs more at rest than the deployed one, so the test
/// measures the growth, and that a second rush fits into the memory of the first.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_connections_need_little_memory_and_free_it() {
    const GROWTH: u64 = 24 << 20;
    raise_file_limit();
    let process = start(&["--roll-delay=100ms"]).await;
    crowd(&process, 50, ROLL).await;
    let before = process.memory().resident;
    let mut peaks = Vec::new();
    for _ in 0..3 {
        rush(&process).await;
        peaks.push(process.memory().peak);
    }
    assert!(
        peaks[2] < before + GROWTH,
        "from {before} to {peaks:?} bytes"
    );
    assert!(
        peaks[2] < peaks[0] + GROWTH / 3,
        "{peaks:?} bytes: memory is not freed"
    );
}

/// Sends incomplete heads of 6 kB on 3000 connections, then rolls with 1500 clients at once.
async fn rush(process: &Process) {
    let padding = "x".repeat(6000);
    let half = format!("GET /roll?die=fair HTTP/1.1\r\nHost: d\r\nX: {padding}");
    let waiting = silent(process, 3000, &half).await;
    assert_healthy(process).await;
    drop(waiting);
    let answers = crowd(process, 1500, ROLL).await;
    assert!(answers.iter().all(|it| matches!(it.status, 200 | 503)));
    assert_healthy(process).await;
}
