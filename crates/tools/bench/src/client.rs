//! The load generator's own cost, beside wrk's: both load the same server in a closed loop, in turn.

use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::process::Command;
use tooling::command::is_there;

use crate::measure::{Goal, median};
use crate::programs::{PATH, Programs};
use crate::sink::Sink;
use crate::usage::{cpu_time_of_children, micros_each};
use crate::variants::Variant;

/// CPU time of a client for each request in microseconds, medians of the rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Clients {
    traffic_gen_us: f64,
    wrk_us: f64,
    /// Median of each round's ratio.
    ratio: f64,
}

/// Nothing, with a line that says why, if wrk is not installed.
pub(crate) async fn measure(
    bare: &Variant,
    programs: &Programs,
    rounds: usize,
    seconds: u64,
) -> Option<Clients> {
    if !is_there("wrk") {
        tooling::skip::skipped(
            "wrk, beside which traffic-gen is measured, is not installed; run apt-get install wrk",
        );
        return None;
    }
    let server = bare.start(&Sink::start().await).await;
    let url = server.url(PATH);
    let mut measured = Vec::new();
    for round in 1..=rounds {
        println!("clients: round {round} of {rounds}");
        let ours = traffic_gen(programs, &url, seconds).await;
        measured.push((ours, wrk(&url, seconds).await));
    }
    let clients = Clients {
        traffic_gen_us: median(measured.iter().map(|(ours, _)| *ours)),
        wrk_us: median(measured.iter().map(|(_, wrk)| *wrk)),
        ratio: median(measured.iter().map(|(ours, wrk)| ours / wrk)),
    };
    println!(
        "\nclients, 16 connections in a closed loop: traffic-gen {:.1} µs a request, wrk {:.1} µs; median ratio {:.2}",
        clients.traffic_gen_us, clients.wrk_us, clients.ratio
    );
    Some(clients)
}

impl Clients {
    pub(crate) fn goals(&self) -> Vec<Goal> {
        vec![Goal::at_most(
            "CPU of traffic-gen of wrk's",
            self.ratio,
            0.9,
        )]
    }
}

async fn traffic_gen(programs: &Programs, url: &str, seconds: u64) -> f64 {
    let mut command = Command::new(programs.traffic_gen());
    command.args(["load", "--json", "--connections=16", "--warm-up=0s", url]);
    command.arg(format!("--duration={seconds}s"));
    let (cpu, output) = cpu_of(&mut command).await;
    let report: Value = serde_json::from_str(&output).expect("--json prints JSON");
    let answered = &report["measured"]["answered"];
    micros_each(cpu, answered.as_u64().expect("a number"))
}

async fn wrk(url: &str, seconds: u64) -> f64 {
    let mut command = Command::new("wrk");
    command.args(["--threads=2", "--connections=16", url]);
    command.arg(format!("--duration={seconds}s"));
    let (cpu, output) = cpu_of(&mut command).await;
    let answered = output.split(" requests in ").next();
    let answered = answered.and_then(|text| text.split_whitespace().last()?.parse().ok());
    micros_each(cpu, answered.expect("wrk prints the number of requests"))
}

/// Runs `command`: its CPU time and its output. No other child ends meanwhile.
async fn cpu_of(command: &mut Command) -> (Duration, String) {
    let before = cpu_time_of_children();
    let output = command.stderr(Stdio::inherit()).output().await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let cpu = cpu_time_of_children() - before;
    assert!(output.status.success(), "{command:?}: {}", output.status);
    (cpu, String::from_utf8_lossy(&output.stdout).into_owned())
}
