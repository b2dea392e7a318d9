//! `database`: a steady rate of queries, for the pool and query panels of stages 5 and 6.

use std::sync::Arc;
use std::time::Duration;

use telemetry::client::http_url;
use url::Url;

use super::{DieService, Query, Report, Tally, needed};
use crate::pace::{Schedule, open_loop};
use crate::random::{DiceMix, Seed, probability, rate, run_id, stream};
use crate::reach::check;
use crate::stop::Stop;
use crate::{Console, Error};

/// A steady rate of queries to die-service and the database behind it.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// die-service
    #[arg(long, env = "DIE_SERVICE_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://localhost:8106")]
    pub die_service_url: Url,

    /// Queries a second
    #[arg(
        long,
        env = "QUERIES_PER_SECOND",
        value_name = "NUMBER",
        default_value_t = 50.0
    )]
    #[arg(value_parser = rate)]
    pub queries_per_second: f64,

    /// How long, in seconds, 1 to 86400
    #[arg(
        long,
        env = "DURATION_SECONDS",
        value_name = "SECONDS",
        default_value_t = 30
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub duration_seconds: u64,

    /// Share of queries that are for the list, 0.0 to 1.0
    #[arg(
        long,
        env = "LIST_TO_GET_RATIO",
        value_name = "SHARE",
        default_value_t = 0.1
    )]
    #[arg(value_parser = probability)]
    pub list_ratio: f64,

    /// The dice asked for, by weight; there is no golden one
    #[arg(long, env = "DICE_MIX", value_name = "NAME=WEIGHT,...")]
    #[arg(default_value = "fair=30,risky=30,extreme=30,golden=10")]
    pub dice: DiceMix,

    /// What is drawn.
    #[command(flatten)]
    pub seed: Seed,

    /// How long one query may take
    #[arg(
        long,
        env = "REQUEST_TIMEOUT",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}

/// Sends the queries, for as long as `shutdown` is not ready. Latencies count from when a query
/// was due.
///
/// # Errors
/// [`Error::NotThere`] without a die-service.
pub async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    check(needed(&options.die_service_url)).await?;
    let seed = options.seed.number();
    let mut rng = stream(seed, 0);
    let run = run_id();
    let service = DieService::new(&options.die_service_url, options.timeout, &run);
    let service = Arc::new(service);
    let stop = Stop::when(shutdown);
    let duration = Duration::from_secs(options.duration_seconds);
    let mut tally = Tally::new(run, seed);
    let _following = console.follow(tally.progress());
    open_loop(
        Schedule::new(options.queries_per_second, duration),
        &stop,
        |_, due| {
            let query = Query::draw(options.list_ratio, &options.dice, &mut rng);
            let service = Arc::clone(&service);
            async move {
                let found = service.ask(&query).await;
                (query, found, due.elapsed())
            }
        },
        |(query, found, latency)| tally.add(&query, found, latency),
    )
    .await;
    let target = options.queries_per_second;
    Ok(tally.report(Some(target), stop.is_requested()))
}
