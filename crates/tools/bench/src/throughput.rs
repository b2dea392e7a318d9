//! Requests per second of one handler, with increasing telemetry.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use serde::Serialize;
use testkit::Process;
use tokio::net::TcpListener;

use crate::measure::{Goal, median};
use crate::programs::{load, release, service};

/// One variant over all rounds.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    variant: &'static str,
    /// Median requests per second.
    per_second: f64,
    /// Median of each round's p99 in milliseconds.
    p99_ms: f64,
    /// Median of each round's ratio to the bare handler of the same round.
    ratio: f64,
}

/// The enabled telemetry of each variant, in the order of comparison.
const VARIANTS: [(&str, Option<&[&str]>); 5] = [
    ("a  bare axum handler", None),
    (
        "b  + metrics",
        Some(&["--log=service=info", "--otel-disabled"]),
    ),
    ("c  + logs", Some(&["--otel-disabled"])),
    ("d  + traces, 100 %", Some(&["--traces-sampler-arg=1"])),
    ("e  + traces, 10 %", Some(&["--traces-sampler-arg=0.1"])),
];

/// Runs all variants in turn, `rounds` times.
pub(crate) async fn measure(rounds: usize, seconds: u64) -> Vec<Row> {
    let sink = sink().await;
    let mut measured = vec![Vec::new(); VARIANTS.len()];
    for round in 1..=rounds {
        println!("throughput: round {round} of {rounds}");
        for ((_, flags), rounds) in VARIANTS.iter().zip(&mut measured) {
            let process = match flags {
                None => Process::start(release("bench"), &["bare"]).await,
                Some(flags) => service("die-service", &[&[sink.as_str()], *flags].concat()).await,
            };
            let url = process.url("/dice?identifier=fair");
            let load = load(&url, None, Duration::from_secs(seconds)).await;
            rounds.push((load.per_second, load.p99_ms));
        }
    }
    let bare = measured[0].clone();
    let rows: Vec<Row> = VARIANTS
        .iter()
        .zip(&measured)
        .map(|((variant, _), rounds)| Row {
            variant,
            per_second: median(rounds.iter().map(|(rate, _)| *rate)),
            p99_ms: median(rounds.iter().map(|(_, p99)| *p99)),
            ratio: median(
                rounds
                    .iter()
                    .zip(&bare)
                    .map(|((rate, _), (bare, _))| rate / bare),
            ),
        })
        .collect();
    print(&rows);
    rows
}

/// The bounds of the ratios with traces.
pub(crate) fn goals(rows: &[Row]) -> Vec<Goal> {
    vec![
        Goal::at_least(
            "throughput with traces at 100 %, of bare",
            rows[3].ratio,
            0.45,
        ),
        Goal::at_least(
            "throughput with traces at 10 %, of bare",
            rows[4].ratio,
            0.60,
        ),
    ]
}

fn print(rows: &[Row]) {
    println!(
        "\n{:<24} {:>12} {:>9} {:>7}",
        "GET /dice", "requests/s", "p99 ms", "of (a)"
    );
    for Row {
        variant,
        per_second,
        p99_ms,
        ratio,
    } in rows
    {
        println!("{variant:<24} {per_second:>12.0} {p99_ms:>9.2} {ratio:>7.2}");
    }
}

/// A collector that accepts and discards everything: the cost of storing spans is not measured
/// here.
async fn sink() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let flag = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    let app = Router::new().route("/v1/traces", post(|_: axum::body::Bytes| async {}));
    tokio::spawn(axum::serve(listener, app).into_future());
    flag
}
