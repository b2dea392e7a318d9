//! `cargo run --release`: what it starts, prints and leaves behind.

use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::Value;
use testkit::{AT_ONCE, Metrics, eventually, get, skip};
use tokio::net::TcpListener;

use crate::demo::{Demo, FLAGS, command, free_ports, wait_until_free};
use crate::support::PROGRAM;

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
        assert!(took < AT_ONCE, "{took:?}");
        wait_until_free(&ports).await;
        let said = String::from_utf8_lossy(&output.stdout);
        let page = format!("http://localhost:{}", ports[2]);
        assert!(
            said.contains(&page) && said.contains("docker compose up"),
            "{said}"
        );
        assert!(said.contains("restart with --logs"), "{said}");
        assert!(
            !said.contains("\"timestamp\""),
            "no lines without --logs: {said}"
        );
    }
}

#[tokio::test]
async fn it_generates_traffic_and_shows_the_rate() {
    let mut demo = Demo::start(&["--logs"]).await;
    demo.live_line(|line| line.contains("errors/s") && line.ends_with("traces kept"))
        .await;
    eventually("rolls without a client", || async {
        let metrics = Metrics::try_scrape(&demo.url(1, "/metrics")).await.ok()?;
        let rolls = metrics.sum("dice_rolls_total", &[]) + metrics.sum("async_rolls_total", &[]);
        (rolls > 0.0).then_some(())
    })
    .await;
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("restart with --logs"), "{said}");
    let lines = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let loggers: std::collections::BTreeSet<String> = lines
        .filter_map(|line| Some(line["logger"].as_str()?.to_owned()))
        .collect();
    for service in ["die-service", "dice-roller", "frontend"] {
        assert!(
            loggers.contains(service),
            "--logs shows {service}: {loggers:?}"
        );
    }
}

#[tokio::test]
async fn ktrdr_is_started_with_its_flag() {
    let [backend, workers @ .., _, _] = free_ports();
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
            let answer = testkit::fetch(format!("{backend_url}/api/v1/{what}")).await;
            answer.ok()?.json::<Value>().await.ok()
        };
        let (workers, operations) = (ask("workers").await?, ask("operations").await?);
        let four = workers["workers"].as_array()?.len() == 4;
        (four && !operations["operations"].as_array()?.is_empty()).then_some(())
    })
    .await;
    let ports = demo.ports;
    let (output, took) = demo.stop(Signal::SIGTERM).await;
    assert!(took < AT_ONCE, "{took:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let tries = said
        .split_once("KTRDR, a fleet of workers")
        .expect("the introduction has a section for it")
        .1;
    for word in [
        &*format!("http://localhost:{backend}/api/v1/workers"),
        &format!("http://localhost:{backend}/metrics"),
        "  1. ",
        "  2. ",
        "  3. ",
    ] {
        assert!(tries.contains(word), "{word} is not in {tries}");
    }
    wait_until_free(&ports).await;
    wait_until_free(&[backend]).await;
}

#[tokio::test]
async fn a_port_in_use_is_reported_in_one_line_and_nothing_keeps_running() {
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
        let ports = free_ports();
        let _in_the_way = TcpListener::bind(("127.0.0.1", ports[i]))
            .await
            .expect("free");
        let output = command(&ports).output().await.expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        for word in [&ports[i].to_string(), who, flag, "another demo"] {
            assert!(said.contains(word), "{said:?} names {word}");
        }
        let others: Vec<u16> = ports
            .iter()
            .copied()
            .filter(|port| *port != ports[i])
            .collect();
        wait_until_free(&others).await;
    }
}

#[tokio::test]
async fn a_port_given_twice_is_noticed() {
    let mut ports = free_ports();
    ports[2] = ports[1];
    let output = command(&ports).output().await.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(&ports[1].to_string()) && said.lines().count() == 1,
        "{said}"
    );
    for flag in ["--dice-roller-port", "--frontend-port"] {
        assert!(said.contains(flag), "{flag} is not in {said}");
    }
}

#[tokio::test]
async fn a_worker_port_given_twice_names_its_flag() {
    let ports = free_ports();
    let workers = format!("--ktrdr-worker-ports={},{}", ports[5], ports[5]);
    let mut command = command(&ports);
    let output = command.args(["--ktrdr", &workers]).output().await;
    let said = String::from_utf8_lossy(&output.expect("it runs").stderr).into_owned();
    assert!(said.contains("--ktrdr-worker-ports"), "{said}");
    assert!(said.contains("ktrdr-worker-2"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn a_port_for_root_says_so() {
    let start = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let start: u16 = start
        .ok()
        .and_then(|start| start.trim().parse().ok())
        .unwrap_or(1024);
    if start <= 80 {
        return skip("any user may open port 80");
    }
    let mut ports = free_ports();
    ports[1] = 80;
    let inner = command(&ports);
    let mut outer = tokio::process::Command::new("setpriv");
    outer.args(["--bounding-set=-net_bind_service", PROGRAM]);
    let Ok(output) = outer.args(inner.as_std().get_args()).output().await else {
        return skip("setpriv is not installed");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("setpriv:") {
        return skip(format_args!("setpriv is not allowed here: {said}"));
    }
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in ["80", "--dice-roller-port", "for root", &start.to_string()] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}

#[tokio::test]
async fn a_log_file_that_cannot_be_written_is_named_with_its_flag() {
    let directory = format!("{}/log-files", env!("CARGO_TARGET_TMPDIR"));
    let in_the_way = format!("{directory}/die-service.log");
    std::fs::create_dir_all(&in_the_way).expect("a directory where a file would be");
    let ports = free_ports();
    let mut command = command(&ports);
    let output = command.args(["--log-dir", &directory]).output().await;
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    for word in [&*in_the_way, "--log-dir", "die-service"] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn a_flag_for_what_the_stage_does_not_have_is_named() {
    let mut demo = Demo::spawn(&["--stage=1", "--no-traffic"]);
    demo.introduction().await;
    let (output, _) = demo.stop(Signal::SIGTERM).await;
    let said = String::from_utf8_lossy(&output.stderr);
    for flag in ["--frontend-port", "--die-service-port", "--usage-sink-port"] {
        let line = format!("{flag} is not used: stage 1 has no");
        assert!(said.contains(&line), "{line:?} is not in {said}");
    }
    assert!(!said.contains("--dice-roller-port"), "{said}");
}

#[tokio::test]
async fn the_command_for_the_doctor_examines_this_very_demo() {
    let mut demo = Demo::spawn(&["--stage=2", "--no-traffic"]);
    let said = demo.introduction().await;
    let hint = said.lines().find(|line| line.contains("-- doctor"));
    let (_, arguments) = hint.expect("a hint").split_once(" -- ").expect("arguments");
    let mut doctor = tokio::process::Command::new(PROGRAM);
    let output = doctor.args(arguments.split(' ')).output().await;
    let output = output.expect("it runs");
    assert!(output.status.success(), "{arguments}: {output:?}");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("4 of 4 spans"), "{report}");
    demo.stop(Signal::SIGTERM).await;
}

#[tokio::test]
async fn a_reader_of_logs_that_stalls_does_not_keep_it_from_stopping() {
    let demo = Demo::start(&["--no-traffic", "--logs"]).await;
    // Three lines each: more than the pipe holds, and no process reads it before the end.
    for _ in 0..300 {
        get(&demo.url(2, "/roll?die=loaded")).await;
    }
    demo.signal(Signal::SIGTERM);
    let start = Instant::now();
    let Demo { mut child, ports } = demo;
    child.wait().await.expect("our own child");
    let took = start.elapsed();
    assert!(took < AT_ONCE, "{took:?}");
    wait_until_free(&ports).await;
}

#[tokio::test]
async fn a_killed_service_comes_back_and_a_killed_demo_stops_its_services() {
    let demo = Demo::start(&["--no-traffic"]).await;
    let started = async || {
        let metrics = Metrics::try_scrape(&demo.url(0, "/metrics")).await.ok()?;
        Some(metrics.value("process_start_time_seconds", &[]))
    };
    let first = started().await.expect("metrics");
    demo.kill_service(0);
    eventually("die-service to be back", || async {
        started().await.filter(|start| *start > first)
    })
    .await;
    let ports = demo.ports;
    demo.stop(Signal::SIGKILL).await;
    wait_until_free(&ports).await;
}
