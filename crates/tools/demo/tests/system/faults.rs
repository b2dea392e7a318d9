//! `demo faults`: it finds the running demo, and its services do what it says.

use std::process::Output;

use nix::sys::signal::Signal;
use testkit::{becomes, get};
use tokio::process::Command;

use crate::demo::Demo;
use crate::support::PROGRAM;

/// Runs `demo faults` for the demo whose page has this port.
async fn faults(port: u16, arguments: &[&str]) -> Output {
    let port = format!("--port={port}");
    let mut command = Command::new(PROGRAM);
    let command = command.args(["faults", &port]).args(arguments);
    command.output().await.expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn a_fault_is_switched_on_and_off_in_the_running_demo() {
    let demo = Demo::start(&["--no-traffic", "--roll-delay=0s"]).await;
    let page = demo.ports[2];
    let roll = demo.url(2, "/roll?die=fair");
    let status = || async { get(&roll).await.0 };
    let listed = faults(page, &["list"]).await;
    assert!(listed.status.success(), "{listed:?}");
    let on = ["on", "failing-die-service", "--strength=1"];
    let switched = faults(page, &on).await;
    assert!(switched.status.success(), "{switched:?}");
    becomes("the status", 503, status).await;
    let listed = text(&faults(page, &["list"]).await.stdout);
    assert!(listed.contains("on (1 of the requests)"), "{listed}");
    for (fault, reason) in [
        (
            "pool-leak",
            "pool-leak needs stage 5 or later, and this is stage 4; start it with: cargo run --release -- --stage 5",
        ),
        (
            "hung-worker",
            "hung-worker: this demo runs no KTRDR; start it with --ktrdr",
        ),
    ] {
        let refused = faults(page, &["on", fault]).await;
        assert!(!refused.status.success());
        assert_eq!(text(&refused.stderr), format!("faults: {reason}\n"));
    }
    let off = faults(page, &["off"]).await;
    assert_eq!(text(&off.stdout), "Every fault is off.\n");
    becomes("the status", 200, status).await;
    demo.stop(Signal::SIGTERM).await;
    let gone = text(&faults(page, &["list"]).await.stderr);
    let reason = format!("faults: no demo runs on port {page}; ");
    assert!(gone.starts_with(&reason), "{gone}");
}

#[tokio::test]
async fn a_demo_that_was_killed_is_not_found() {
    let demo = Demo::start(&["--no-traffic"]).await;
    let page = demo.ports[2];
    assert!(faults(page, &["on", "loaded-die"]).await.status.success());
    demo.stop(Signal::SIGKILL).await;
    let refused = faults(page, &["on", "loaded-die"]).await;
    assert!(!refused.status.success(), "{refused:?}");
}
