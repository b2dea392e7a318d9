//! The faults of this service: on and off by a file, each shown by its signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use faults::Fault;
use testkit::{FlagsFile, Process, assert_unnamed, becomes, eventually, get};
use tokio::net::TcpListener;

const ROLL: &str = "/roll?die=fair";

/// A stand-in for dice-roller.
#[derive(Clone, Default)]
struct Roller {
    requests: Arc<AtomicUsize>,
    in_a_trace: Arc<AtomicUsize>,
}

impl Roller {
    /// Serves it; each answer takes `delay`. Returns its URL.
    async fn serve(&self, delay: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let roller = self.clone();
        let answer = move |headers: HeaderMap| {
            let roller = roller.clone();
            async move {
                roller.requests.fetch_add(1, Ordering::Relaxed);
                let in_a_trace = usize::from(headers.contains_key("traceparent"));
                roller.in_a_trace.fetch_add(in_a_trace, Ordering::Relaxed);
                tokio::time::sleep(delay).await;
                r#"{"roll":4}"#
            }
        };
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        url
    }
}

async fn start(flags: &FlagsFile, roller: &str) -> Process {
    let (flag, roller) = (flags.flag(), format!("--dice-roller-url={roller}"));
    let own = [
        "--listen=127.0.0.1:0",
        "--traces-exporter=none",
        &flag,
        &roller,
    ];
    Process::start(env!("CARGO_BIN_EXE_frontend"), &own).await
}

/// How much one roll adds to `counter`.
async fn one_roll(frontend: &Process, counter: &AtomicUsize) -> usize {
    let before = counter.load(Ordering::Relaxed);
    assert_eq!(get(&frontend.url(ROLL)).await.0, 200);
    counter.load(Ordering::Relaxed) - before
}

#[tokio::test]
async fn the_trace_context_is_lost_until_it_is_switched_off() {
    let roller = Roller::default();
    let url = roller.serve(Duration::ZERO).await;
    let flags = FlagsFile::new();
    let frontend = start(&flags, &url).await;
    let passed_on = || one_roll(&frontend, &roller.in_a_trace);
    assert_eq!(passed_on().await, 1);
    flags.set(&[(Fault::LostContext, 1.0)]);
    becomes("requests in a trace", 0, passed_on).await;
    flags.set(&[]);
    becomes("requests in a trace", 1, passed_on).await;
    assert_unnamed(&frontend).await;
}

/// The stand-in takes longer than the frontend waits, except for the last time.
#[tokio::test]
async fn a_request_becomes_several_until_the_storm_is_switched_off() {
    let roller = Roller::default();
    let url = roller.serve(Duration::from_millis(400)).await;
    let flags = FlagsFile::new();
    let frontend = start(&flags, &url).await;
    let requests = || one_roll(&frontend, &roller.requests);
    assert_eq!(requests().await, 1);
    flags.set(&[(Fault::RetryStorm, 3.0)]);
    becomes("requests of one roll", 4, requests).await;
    frontend
        .line_with("Dice roller did not answer in time; trying again")
        .await;
    flags.set(&[]);
    becomes("requests of one roll", 1, requests).await;
    assert_unnamed(&frontend).await;
}

#[tokio::test]
async fn each_roll_logs_many_lines_until_it_is_switched_off() {
    let roller = Roller::default();
    let url = roller.serve(Duration::ZERO).await;
    let flags = FlagsFile::new();
    let frontend = start(&flags, &url).await;
    // Lines are written in order: all of a roll are there when this one is.
    let ends = || frontend.lines_with("Dice roller answered").len();
    let repeated = || frontend.lines_with("Connection checked").len();
    let lines = async || {
        let (ended, before) = (ends(), repeated());
        assert_eq!(get(&frontend.url(ROLL)).await.0, 200);
        eventually("the roll's line", || async {
            (ends() > ended).then_some(())
        })
        .await;
        repeated() - before
    };
    assert_eq!(lines().await, 0);
    flags.set(&[(Fault::LogFlood, 60.0)]);
    becomes("repeated lines of one roll", 60, lines).await;
    flags.set(&[]);
    becomes("repeated lines of one roll", 0, lines).await;
    assert_unnamed(&frontend).await;
}
