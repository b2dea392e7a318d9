//! `direct`: sequential requests straight to die-service.

use std::time::{Duration, Instant};

use super::{DieService, QueryMix, Report, Tally, needed};
use crate::console::Console;
use crate::error::Error;
use crate::flags::{DieServiceUrl, RequestTimeout, duration};
use crate::random::{Seed, run_id, stream};
use crate::reach::check;
use crate::stop::Stop;

/// Send requests straight to die-service: for the list of dice and for single dice
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// die-service's URL.
    #[command(flatten)]
    pub(crate) die_service: DieServiceUrl,

    /// Number of requests, 1 to 10000000
    #[arg(
        long,
        env = "NUM_REQUESTS",
        value_name = "NUMBER",
        default_value_t = 100
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) requests: u64,

    /// The mix of queries.
    #[command(flatten)]
    pub(crate) queries: QueryMix,

    /// Time between an answer and the next request
    #[arg(long, env = "PAUSE", value_name = "DURATION", default_value = "50ms")]
    #[arg(value_parser = duration)]
    pub(crate) pause: Duration,

    /// The seed.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout<5>,
}

/// Sends requests until done or until `shutdown` is ready.
///
/// # Errors
/// [`Error::NotThere`] if die-service cannot be reached.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    check(needed(&options.die_service.url)).await?;
    let seed = options.seed.number();
    let mut rng = stream(seed, 0);
    let run = run_id();
    let service = DieService::new(
        &options.die_service.url,
        options.request_timeout.timeout,
        &run,
    );
    let stop = Stop::when(shutdown);
    let mut tally = Tally::new(run, seed);
    let _following = console.follow(tally.progress());
    for _ in 0..options.requests {
        let query = options.queries.draw(&mut rng);
        let start = Instant::now();
        let Some(found) = stop.finish(service.send(&query)).await else {
            break;
        };
        tally.add(&query, found, start.elapsed());
        if !stop.sleep(options.pause).await {
            break;
        }
    }
    Ok(tally.report(None, stop.is_requested()))
}
