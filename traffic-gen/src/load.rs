//! `load`: how many requests a second a server can handle, and at what latency.
//!
//! * Open loop (`--rate`): requests are due at absolute times. A latency counts from when the
//!   request was due, so a stall counts against every request that had to wait, not only against
//!   those in flight (no coordinated omission). Requests that were due but could not start in time
//!   are "not sent": they count as failures, with the time they waited as their latency.
//! * Closed loop (without `--rate`): each connection sends its next request after the last answer.
//!   This measures the throughput, and hides stalls: read its p99 with care.
//! * `--find-max`: takes the closed loop's throughput as an upper bound and bisects with open loops
//!   for the highest rate without failures and with p99 within a bound.
//!   With `--watch`, it says what each component uses and loses at each rate.
//!
//! The code path of a request is short (its own HTTP/1.1 client, no spans): on two cores, the load
//! generator must not be what is measured.

mod connection;
mod files;
mod http1;
mod report;
mod search;
mod target;
mod watch;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use self::report::Report;
use self::target::{Mix, Target};
use self::watch::Watched;
use self::worker::{Load, Pacing};
use crate::console::Console;
use crate::error::Error;
use crate::flags::{RequestTimeout, duration};
use crate::random::{Seed, rate};
use crate::reach::{Needed, check};
use crate::stop::Stop;

/// Load any endpoints: open loop, closed loop, or a search for the highest rate
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// URL to GET, optionally with a weight, as in 9*http://localhost:8106/dice
    #[arg(
        env = "LOAD_TARGETS",
        value_name = "[WEIGHT*]URL",
        value_delimiter = ' '
    )]
    #[arg(default_value = "http://localhost:8108/roll?die=fair")]
    pub(crate) targets: Vec<Target>,

    /// Requests a second, due at absolute times; default: as many as the connections can carry
    #[arg(
        long,
        env = "LOAD_RATE",
        value_name = "NUMBER",
        conflicts_with = "find_max"
    )]
    #[arg(value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// How long to measure, or how long each step of --find-max takes
    #[arg(
        long,
        env = "LOAD_DURATION",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) duration: Duration,

    /// How long to send unmeasured requests first
    #[arg(
        long,
        env = "LOAD_WARM_UP",
        value_name = "DURATION",
        default_value = "1s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) warm_up: Duration,

    /// Connections, each with one request in flight at most, 1 to 16384
    #[arg(
        long,
        env = "LOAD_CONNECTIONS",
        value_name = "NUMBER",
        default_value_t = 32
    )]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=16_384))]
    pub(crate) connections: usize,

    /// Search for the highest rate without failures and with p99 within --max-p99
    #[arg(long, env = "LOAD_FIND_MAX")]
    pub(crate) find_max: bool,

    /// Search below this rate; default: the throughput of a closed loop, which a busy machine makes too
    /// low
    #[arg(long, env = "LOAD_UP_TO", value_name = "NUMBER", requires = "find_max")]
    #[arg(value_parser = rate)]
    pub(crate) up_to: Option<f64>,

    /// The longest p99 that --find-max accepts
    #[arg(
        long,
        env = "LOAD_MAX_P99",
        value_name = "DURATION",
        default_value = "2s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) max_p99: Duration,

    /// A component whose CPU, memory and losses --find-max reads at its /metrics before and after each
    /// step, as in tempo=http://localhost:3200; repeatable
    #[arg(
        long,
        env = "LOAD_WATCH",
        value_name = "NAME=URL",
        value_delimiter = ' '
    )]
    #[arg(requires = "find_max")]
    pub(crate) watch: Vec<Watched>,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout,

    /// The seed of the target order.
    #[command(flatten)]
    pub(crate) seed: Seed,
}

/// Sends requests to the targets until done or until `shutdown` is ready.
///
/// # Errors
/// [`Error::NotThere`] if a target cannot be reached, [`Error::Usage`] if nothing would be
/// measured.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    if options.duration.is_zero() {
        return Err(Error::Usage("--duration must be longer than 0s".to_owned()));
    }
    files::make_room(options.connections)?;
    let seed = options.seed.number();
    let mix = Mix::new(&options.targets, seed).map_err(Error::Usage)?;
    for target in &options.targets {
        check(Needed {
            service: "the target",
            url: &target.url,
            flag: "[WEIGHT*]URL",
        })
        .await?;
    }
    let load = Load {
        mix: Arc::new(mix),
        connections: options.connections,
        duration: options.duration,
        warm_up: options.warm_up,
        timeout: options.request_timeout.timeout,
        stop: Stop::when(shutdown),
    };
    if options.find_max {
        return Ok(search::highest_rate(&load, options, seed, console).await);
    }
    let pacing = options.rate.map_or(Pacing::Closed, Pacing::Open);
    let measured = load.measure(pacing, console).await;
    Ok(Report {
        seed,
        interrupted: load.stop.is_requested(),
        searched: false,
        measured: measured.throughput(pacing, &load),
        highest_rate: None,
        limited_by_connections: false,
        connections: options.connections,
        steps: Vec::new(),
    })
}
