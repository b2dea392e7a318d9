//! `direct`: die-service without anything before it, one request after the other.

use std::time::{Duration, Instant};

use super::{DieService, QueryMix, Report, Tally, needed};
use crate::console::Console;
use crate::error::Error;
use crate::flags::{DieServiceUrl, duration, timeout};
use crate::random::{Seed, run_id, stream};
use crate::reach::check;
use crate::stop::Stop;

/// Requests to die-service: the list of dice and single ones.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where dice are.
    #[command(flatten)]
    pub(crate) die_service: DieServiceUrl,

    /// How many requests, 1 to 10000000
    #[arg(
        long,
        env = "NUM_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 100
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) requests: u64,

    /// What is asked for.
    #[command(flatten)]
    pub(crate) queries: QueryMix,

    /// Time between an answer and the next request
    #[arg(long, env = "PAUSE", value_name = "DURATION", default_value = "50ms")]
    #[arg(value_parser = duration)]
    pub(crate) pause: Duration,

    /// What is drawn.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// How long one request may take
    #[arg(
        long,
        env = "REQUEST_TIMEOUT",
        value_name = "DURATION",
        default_value = "5s"
    )]
    #[arg(value_parser = timeout)]
    pub(crate) timeout: Duration,
}

/// Sends the requests, for as long as `shutdown` is not ready.
///
/// # Errors
/// [`Error::NotThere`] without a die-service.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    check(needed(&options.die_service.url)).await?;
    let seed = options.seed.number();
    let mut rng = stream(seed, 0);
    let run = run_id();
    let service = DieService::new(&options.die_service.url, options.timeout, &run);
    let stop = Stop::when(shutdown);
    let mut tally = Tally::new(run, seed);
    let _following = console.follow(tally.progress());
    for _ in 0..options.requests {
        let query = options.queries.draw(&mut rng);
        let start = Instant::now();
        let Some(found) = stop.finish(service.ask(&query)).await else {
            break;
        };
        tally.add(&query, found, start.elapsed());
        if !stop.sleep(options.pause).await {
            break;
        }
    }
    Ok(tally.report(None, stop.is_requested()))
}
