//! `database`: a steady rate of queries, for the pool and query panels of stages 5 and 6.

use std::sync::Arc;
use std::time::Duration;

use super::{DieService, Found, QueryMix, Report, Tally, needed};
use crate::console::Console;
use crate::error::{Error, Failure};
use crate::flags::{DieServiceUrl, RequestTimeout, duration};
use crate::pace::{Schedule, open_loop};
use crate::random::{Seed, rate, run_id, stream};
use crate::reach::check;
use crate::stop::Stop;

/// Send queries to die-service and its database at a steady rate
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// die-service's URL.
    #[command(flatten)]
    pub(crate) die_service: DieServiceUrl,

    /// Queries a second
    #[arg(
        long,
        env = "QUERIES_PER_SECOND",
        value_name = "NUMBER",
        default_value_t = 50.0
    )]
    #[arg(value_parser = rate)]
    pub(crate) queries_per_second: f64,

    /// How long to send queries, 1s to 24h; a plain number counts as seconds
    // The variable and the hidden flag come from the original project.
    #[arg(
        long,
        alias = "duration-seconds",
        env = "DURATION_SECONDS",
        value_name = "DURATION",
        default_value = "30s"
    )]
    #[arg(value_parser = seconds_or_duration)]
    pub(crate) duration: Duration,

    /// The mix of queries.
    #[command(flatten)]
    pub(crate) queries: QueryMix,

    /// The seed.
    #[command(flatten)]
    pub(crate) seed: Seed,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout<10>,
}

/// Parses a [`duration`] of 1 s or longer, or a number of seconds.
fn seconds_or_duration(text: &str) -> Result<Duration, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let given = if is_number {
        duration(&format!("{text}s"))?
    } else {
        duration(text)?
    };
    if given < Duration::from_secs(1) {
        return Err("shorter than 1s, the shortest duration allowed".to_owned());
    }
    Ok(given)
}

/// Sends queries until done or until `shutdown` is ready. Latencies count from when a query was
/// due.
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
    let service = Arc::new(service);
    let stop = Stop::when(shutdown);
    let mut tally = Tally::new(run, seed);
    let _following = console.follow(tally.progress());
    let schedule = Schedule::new(options.queries_per_second, options.duration);
    let ended = open_loop(
        schedule,
        &stop,
        |start| {
            let query = options.queries.draw(&mut rng);
            let service = Arc::clone(&service);
            async move {
                let found = service.send(&query).await;
                (query, found, start.counts_from.elapsed())
            }
        },
        |(query, found, latency)| tally.add(&query, found, latency),
    )
    .await;
    for due in ended.not_sent {
        let query = options.queries.draw(&mut rng);
        let not_sent = Found::Failed(Failure::NotSent);
        tally.add(&query, not_sent, schedule.waited(due));
    }
    let target = options.queries_per_second;
    Ok(tally.report(Some(target), stop.is_requested()))
}
