//! The command line of the three roles.

use std::process::Output;

use testkit::eventually;
use tokio::process::Command;

use crate::support::{Fleet, PROGRAM};

async fn ktrdr(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    let output = command.args(arguments).kill_on_drop(true).output();
    output.await.expect("the program can be started")
}

#[tokio::test]
async fn help_names_every_flag_and_its_variable() {
    for (role, flags) in [
        (
            "backend",
            &[
                "--queue-capacity",
                "--heartbeat",
                "--missed-heartbeats",
                "--listen",
            ][..],
        ),
        (
            "worker",
            &[
                "--type",
                "--backend-url",
                "--advertise-url",
                "--id",
                "--failure-share",
                "--max-duty",
                "--listen",
            ],
        ),
        (
            "drive",
            &[
                "--backend-url",
                "--pace",
                "--seed",
                "--fault-share",
                "--operations",
            ],
        ),
    ] {
        let help = ktrdr(&[role, "--help"]).await;
        assert!(help.status.success());
        let text = String::from_utf8(help.stdout).unwrap();
        assert!(text.contains(&format!("Usage: ktrdr {role}")), "{text}");
        for flag in flags {
            assert!(text.contains(&format!("      {flag} <")), "{flag}: {text}");
        }
        let flags = text
            .lines()
            .filter(|line| line.trim_start().starts_with("--"));
        assert_eq!(text.matches("[env: ").count(), flags.count(), "{text}");
    }
    let text = String::from_utf8(ktrdr(&["--help"]).await.stdout).unwrap();
    for role in ["backend", "worker", "drive"] {
        assert!(text.contains(&format!("  {role} ")), "{text}");
    }
}

#[tokio::test]
async fn invalid_flags_are_rejected_with_the_allowed_values() {
    for (arguments, words) in [
        (
            &["backend", "--queue-capacity=10001"][..],
            &["--queue-capacity", "0..=10000"][..],
        ),
        (
            &["backend", "--heartbeat=1ms"],
            &["--heartbeat", "50ms", "1m"],
        ),
        (
            &["worker", "--type=cook"],
            &["--type", "backtest", "training"],
        ),
        (
            &["worker", "--failure-share=2"],
            &["--failure-share", "0.0", "1.0"],
        ),
        (
            &["worker", "--backend-url=here"],
            &["--backend-url", "http://"],
        ),
        (&["worker", "--id=.."], &["--id", "1 to 64", "not . or .."]),
        (&["drive", "--pace=0"], &["--pace", "0.1", "6000.0"]),
        (&["cook"], &["cook", "--help"]),
    ] {
        let refused = ktrdr(arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(refused.stderr).unwrap();
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[tokio::test]
async fn a_worker_that_listens_on_all_addresses_needs_an_advertised_url() {
    let refused = ktrdr(&["worker", "--listen=0.0.0.0:0", "--traces-exporter=none"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("--advertise-url"), "{text}");
}

#[tokio::test]
async fn the_backend_uses_the_advertised_url() {
    let fleet = Fleet::start(&[]).await;
    let plain = fleet.worker("training", &[]).await;
    let advertise = format!("--advertise-url={}", plain.url(""));
    let _other = fleet
        .worker_at("127.0.0.1:0", "backtest", &[&advertise, "--id=other"])
        .await;
    eventually("the other worker", || fleet.worker_state("other")).await;
    let (_, answer) = fleet.get("/api/v1/workers").await;
    let workers = answer["workers"].as_array().unwrap();
    let other = workers
        .iter()
        .find(|worker| worker["id"] == "other")
        .unwrap();
    assert_eq!(other["url"], plain.url("/"));
}

#[tokio::test]
async fn backend_and_workers_describe_themselves() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("training", &[]).await;
    let (_, backend) = testkit::get(&fleet.backend.url("/")).await;
    let (_, worker) = testkit::get(&worker.url("/")).await;
    for (about, service) in [(&backend, "ktrdr-backend"), (&worker, "ktrdr-worker")] {
        assert_eq!(about["service"], service);
        assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(about["endpoints"]["/metrics"], "GET");
    }
    assert_eq!(backend["endpoints"]["/api/v1/workers"], "GET, POST");
    assert_eq!(worker["endpoints"]["/api/v1/runs"], "POST");
    assert_eq!(worker["worker_type"], "training");
}

#[tokio::test]
async fn health_is_an_exit_code() {
    let fleet = Fleet::start(&[]).await;
    let worker = fleet.worker("training", &[]).await;
    for (role, address) in [
        ("backend", &fleet.backend.address),
        ("worker", &worker.address),
    ] {
        let listen = format!("--listen={address}");
        assert!(ktrdr(&[role, &listen, "health"]).await.status.success());
    }
    let address = worker.address.clone();
    worker.terminate().await;
    let listen = format!("--listen={address}");
    assert_eq!(
        ktrdr(&["worker", &listen, "health"]).await.status.code(),
        Some(1)
    );
}
