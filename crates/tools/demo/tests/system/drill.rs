//! `demo drill`: nothing names the fault while it is looked for, and it ends however the drill ends.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid as Process;
use serde_json::Value;
use testkit::{becomes, eventually, get};
use tokio::process::{Child, Command};

use crate::demo::Demo;
use crate::stages::pid;
use crate::support::PROGRAM;

/// The fault of these drills: every roll of a frontend is answered 503 or not, which is easy to see.
const FAULT: &str = "failing-dice-roller";

fn drill(demo: &Demo, flags: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(["drill", &format!("--port={}", demo.ports[2])])
        .arg(format!("--tempo-url={}", demo.url(4, "")))
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A seed that draws the fault: its name may not be an argument here.
async fn seed(demo: &Demo) -> String {
    for seed in 1..1000 {
        let seed = format!("--seed={seed}");
        let flags = [
            "--delay=0s",
            "--after=0s",
            "--answers=service=none",
            "--json",
        ];
        let output = drill(demo, &[&flags[..], &[&seed]].concat()).output().await;
        if report(&output.expect("it runs"))["fault"]["name"] == FAULT {
            return seed;
        }
    }
    panic!("no seed draws {FAULT}");
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Rolls in a row. While three of ten fail, one such row in two billion has no failure.
const ROLLS: u32 = 60;

/// Waits until some rolls fail, or none.
async fn rolls_fail(demo: &Demo, expected: bool) {
    let roll = demo.url(2, "/roll?die=fair");
    becomes("whether rolls fail", expected, || async {
        for _ in 0..ROLLS {
            if get(&roll).await.0 == 503 {
                return true;
            }
        }
        false
    })
    .await;
}

#[tokio::test]
async fn nothing_names_the_fault_while_it_is_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let logs = folder.path().to_str().expect("UTF-8");
    let demo = Demo::start(&["--no-traffic", "--roll-delay=0s", "--log-dir", logs]).await;
    let seed = seed(&demo).await;
    let mut learner = drill(&demo, &["--delay=0s", &seed])
        .spawn()
        .expect("it starts");
    let _input = learner.stdin.take();
    rolls_fail(&demo, true).await;
    for (place, text) in telemetry(&demo, folder.path()).await {
        assert!(!text.contains(FAULT), "{place} names it");
        assert!(text.len() > 10, "{place}: {text:?}");
    }
    for process in pid(&demo).descendants() {
        let arguments = [process.arguments(), process.environment()].concat();
        let names = arguments.iter().any(|word| word.contains(FAULT));
        assert!(!names, "{arguments:?}");
    }
    signal(&learner, Signal::SIGINT);
    let output = learner.wait_with_output().await.expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains(FAULT));
    let page = format!("rolls http://localhost:{}/", demo.ports[2]);
    assert!(said.contains(&page), "where to look: {said}");
    rolls_fail(&demo, false).await;
    demo.stop(Signal::SIGTERM).await;
}

/// Every metric, log line and trace so far, and the list of faults.
async fn telemetry(demo: &Demo, logs: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for service in 0..3 {
        let url = demo.url(service, "/metrics");
        found.push((url.clone(), get(&url).await.1.to_string()));
    }
    let search = demo.url(4, "/api/search?limit=1000&q=%7B%7D");
    // Spans arrive in batches.
    let ids: Vec<String> = eventually("traces", || async {
        let traces: Value = get(&search).await.1;
        let traces = traces["traces"].as_array()?.iter();
        let ids: Vec<String> = traces
            .filter_map(|trace| Some(trace["traceID"].as_str()?.to_owned()))
            .collect();
        (!ids.is_empty()).then_some(ids)
    })
    .await;
    for id in ids.iter().take(50) {
        let url = demo.url(4, &format!("/api/traces/{id}"));
        found.push((url.clone(), get(&url).await.1.to_string()));
    }
    for file in fs::read_dir(logs).expect("a folder").flatten() {
        let text = fs::read_to_string(file.path()).expect("lines");
        let name = file.file_name().to_string_lossy().into_owned();
        if !text.is_empty() {
            found.push((name, text));
        }
    }
    assert!(found.len() > 6, "{}", found.len());
    found
}

fn signal(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id().expect("running")).expect("small");
    kill(Process::from_raw(id), signal).expect("our own child");
}

/// Its lease ends, without another drill.
#[tokio::test]
async fn a_killed_drill_takes_its_fault_with_it() {
    let demo = Demo::start(&["--no-traffic", "--roll-delay=0s"]).await;
    let fault = format!("--fault={FAULT}");
    let mut learner = drill(&demo, &["--delay=0s", &fault])
        .spawn()
        .expect("it starts");
    rolls_fail(&demo, true).await;
    let switch = async |arguments: &[&str]| {
        let port = format!("--port={}", demo.ports[2]);
        let faults = [&["faults", &port], arguments].concat();
        Command::new(PROGRAM)
            .args(faults)
            .output()
            .await
            .expect("it runs")
    };
    let refused = switch(&["on", "log-flood"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("a drill is running"), "{said}");
    signal(&learner, Signal::SIGKILL);
    learner.wait().await.expect("it ends");
    rolls_fail(&demo, false).await;
    let listed = switch(&["list", "--json"]).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed[0]["hidden"], false, "{listed:#}");
    demo.stop(Signal::SIGTERM).await;
}

#[tokio::test]
async fn a_drill_shows_the_evidence_of_a_running_demo() {
    let demo = Demo::start(&["--no-traffic", "--roll-delay=0s"]).await;
    let fault = format!("--fault={FAULT}");
    let mut flags = vec!["--delay=0s", "--after=8s", "--json", &fault];
    flags.push("--answers=service=dice-roller,kind=errors,since=8s");
    let learner = drill(&demo, &flags).spawn().expect("it starts");
    rolls_fail(&demo, true).await;
    let output = learner.wait_with_output().await.expect("it ends");
    let report = report(&output);
    assert_eq!(report["score"]["total"], 100, "{report:#}");
    let evidence = report["evidence"].as_array().expect("a list");
    let traces = evidence.iter().find(|it| it["signal"] == "traces");
    let traces = traces.expect("traces show it");
    let link = traces["links"][0].as_str().expect("a link");
    let (status, trace) = get(link).await;
    assert_eq!(status, 200, "{trace}");
    demo.stop(Signal::SIGTERM).await;
}
