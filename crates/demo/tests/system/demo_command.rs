//! `cargo run --release`: what it starts, says and leaves behind.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use testkit::{eventually, get};
use tokio::net::TcpListener;

use crate::demo::{Demo, FLAGS, command, free_ports, nobody_listens};

#[tokio::test]
async fn a_roll_on_the_page_is_a_trace_in_the_store_and_everything_stops_at_once() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let demo = Demo::start(&["--no-traffic"]).await;
        let (status, answer) = get(&demo.url(2, "/roll-async?die=fair&times=3")).await;
        assert_eq!(status, 200, "{answer}");
        let trace = answer["trace_id"].as_str().expect("an id");
        let url = demo.url(4, &format!("/api/traces/{trace}"));
        let services = eventually("three services in the trace", || async {
            let (_, trace) = get(&url).await;
            let batches = trace["batches"].as_array()?.len();
            (batches >= 3).then_some(batches)
        })
        .await;
        assert!(services >= 3);
        let ports = demo.ports;
        let (output, took) = demo.stop(signal).await;
        assert!(output.status.success(), "{output:?}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        nobody_listens(&ports).await;
        let said = String::from_utf8_lossy(&output.stdout);
        let page = format!("http://localhost:{}", ports[2]);
        assert!(
            said.contains(&page) && said.contains("docker compose up"),
            "{said}"
        );
        assert!(
            !said.contains("\"timestamp\""),
            "no lines without --logs: {said}"
        );
    }
}

#[tokio::test]
async fn it_rolls_by_itself_and_says_how_fast() {
    let mut demo = Demo::start(&["--logs"]).await;
    let live = demo.live_line().await;
    assert!(
        live.contains("errors/s") && live.ends_with("traces kept"),
        "{live}"
    );
    eventually("rolls without a client", || async {
        let (_, metrics) = get(&demo.url(1, "/metrics")).await;
        let metrics = testkit::Metrics::parse(metrics.as_str()?);
        let rolls = metrics.sum("dice_rolls_total", &[]) + metrics.sum("async_rolls_total", &[]);
        (rolls > 0.0).then_some(())
    })
    .await;
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let lines = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let loggers: std::collections::BTreeSet<String> = lines
        .filter_map(|line| Some(line["logger"].as_str()?.to_owned()))
        .collect();
    for service in ["die-service", "dice-roller", "frontend"] {
        assert!(
            loggers.contains(service),
            "{service} is passed on by --logs: {loggers:?}"
        );
    }
}

#[tokio::test]
async fn ktrdr_comes_along_when_asked_for() {
    let [backend, workers @ .., _] = free_ports().await;
    let workers = workers.map(|port| port.to_string()).join(",");
    let flags = [
        "--ktrdr".to_owned(),
        format!("--ktrdr-port={backend}"),
        format!("--ktrdr-worker-ports={workers}"),
    ];
    let demo = Demo::start(&flags.each_ref().map(String::as_str)).await;
    let backend_url = format!("http://127.0.0.1:{backend}");
    eventually("four workers and an operation for them", || async {
        let ask = async |what| {
            let answer = reqwest::get(format!("{backend_url}/api/v1/{what}")).await;
            answer.ok()?.json::<Value>().await.ok()
        };
        let (workers, operations) = (ask("workers").await?, ask("operations").await?);
        let four = workers["workers"].as_array()?.len() == 4;
        (four && !operations["operations"].as_array()?.is_empty()).then_some(())
    })
    .await;
    let ports = demo.ports;
    let (output, took) = demo.stop(Signal::SIGTERM).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains(&format!("http://localhost:{backend}")),
        "{said}"
    );
    nobody_listens(&ports).await;
    nobody_listens(&[backend]).await;
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_line_and_nothing_is_left_running() {
    for (i, (flag, who)) in FLAGS
        .iter()
        .zip([
            "die-service",
            "dice-roller",
            "frontend",
            "the trace receiver",
            "the trace store",
        ])
        .enumerate()
    {
        let ports = free_ports().await;
        let _in_the_way = TcpListener::bind(("127.0.0.1", ports[i]))
            .await
            .expect("free");
        let output = command(&ports).output().await.expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        for word in [&ports[i].to_string(), who, flag] {
            assert!(said.contains(word), "{said:?} names {word}");
        }
        let others: Vec<u16> = ports
            .iter()
            .copied()
            .filter(|port| *port != ports[i])
            .collect();
        nobody_listens(&others).await;
    }
}

#[tokio::test]
async fn a_port_given_twice_is_noticed() {
    let mut ports = free_ports().await;
    ports[2] = ports[1];
    let output = command(&ports).output().await.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(&ports[1].to_string()) && said.lines().count() == 1,
        "{said}"
    );
}

#[tokio::test]
async fn a_reader_of_logs_that_stalls_does_not_keep_it_from_stopping() {
    let demo = Demo::start(&["--no-traffic", "--logs"]).await;
    // Three lines each: more than the pipe holds, and nobody reads it before the end.
    for _ in 0..300 {
        get(&demo.url(2, "/roll?die=loaded")).await;
    }
    demo.signal(Signal::SIGTERM);
    let start = Instant::now();
    let Demo { mut child, ports } = demo;
    child.wait().await.expect("our own child");
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    nobody_listens(&ports).await;
}

#[tokio::test]
async fn a_killed_service_comes_back_and_a_killed_demo_takes_its_services_along() {
    let demo = Demo::start(&["--no-traffic"]).await;
    let started = |metrics: Value| {
        let metrics = testkit::Metrics::parse(metrics.as_str()?);
        Some(metrics.value("process_start_time_seconds", &[]))
    };
    let first = started(get(&demo.url(0, "/metrics")).await.1).expect("metrics");
    demo.kill_service(0);
    eventually("die-service to be back", || async {
        let text = reqwest::get(demo.url(0, "/metrics"))
            .await
            .ok()?
            .text()
            .await
            .ok()?;
        started(Value::String(text)).filter(|start| *start > first)
    })
    .await;
    let ports = demo.ports;
    demo.stop(Signal::SIGKILL).await;
    nobody_listens(&ports).await;
}
