//! `compare`: n sequential rolls against one batch of n, which takes as long as its slowest roll.
//!
//! With a delay uniform on 0..d, one roll takes d/2 on average and the slowest of n takes d
//! n/(n+1), so a batch is (n+1)/2 times as fast as n sequential rolls. Network and die look-up add
//! a constant to a roll and to a batch, which raises the measured factor slightly.

mod report;

use std::time::Duration;

use dice::BatchSize;

use self::report::{Kind, Report, Row};
use crate::console::Console;
use crate::error::Error;
use crate::flags::{Frontend, RequestTimeout, duration};
use crate::latency::Latencies;
use crate::random::run_id;
use crate::reach::{Needed, check};
use crate::request::{Outcome, Request, Sender};
use crate::stop::Stop;

/// Compare sequential rolls with batches
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where the users' requests go.
    #[command(flatten)]
    pub(crate) frontend: Frontend,

    /// Sequential rolls in each repetition, 1 to 10000
    #[arg(
        long,
        env = "SEQUENTIAL_ROLLS",
        value_name = "NUMBER",
        default_value_t = 10
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) sequential: u32,

    /// Sizes of the batches
    #[arg(
        long,
        env = "BATCH_TIMES",
        value_name = "N,...",
        default_value = "5,10"
    )]
    #[arg(value_delimiter = ',')]
    pub(crate) times: Vec<BatchSize>,

    /// How often the whole measurement is repeated, 1 to 10000
    #[arg(long, env = "REPETITIONS", value_name = "NUMBER", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) repeat: u32,

    /// The die; it must never fail
    #[arg(long, env = "DIE", value_name = "NAME", default_value = "fair")]
    pub(crate) die: String,

    /// The longest delay of a roll, as set with dice-roller's --roll-delay; 0s expects no speed-up
    #[arg(
        long,
        env = "ROLL_DELAY",
        value_name = "DURATION",
        default_value = "1s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) roll_delay: Duration,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout,
}

/// Measures until done or until `shutdown` is ready.
///
/// # Errors
/// [`Error::NotThere`] if the frontend cannot be reached.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    check(Needed {
        service: "the frontend",
        url: &options.frontend.url,
        flag: "--frontend-url",
    })
    .await?;
    let stop = Stop::when(shutdown);
    let run = run_id();
    let sender = Sender::new(&options.frontend.url, options.request_timeout.timeout, &run);
    let mut samples = Samples::new(options);
    for repetition in 1..=options.repeat {
        console.note(&format!("repetition {repetition} of {}", options.repeat));
        if !samples.repeat(&sender, &stop).await {
            break;
        }
    }
    Ok(samples.report(options, run, stop.is_requested()))
}

/// One kind of request and the latencies measured for it.
struct Series {
    request: Request,
    /// Requests in each repetition.
    times: u32,
    answered: u64,
    latencies: Latencies,
}

struct Samples {
    /// The sequential rolls, then the batches.
    series: Vec<Series>,
    failures: u64,
}

impl Samples {
    fn new(options: &Options) -> Self {
        let die = || options.die.clone();
        let series = |request, times| Series {
            request,
            times,
            answered: 0,
            latencies: Latencies::default(),
        };
        let rolls = series(Request::Roll { die: die() }, options.sequential);
        let batches = options.times.iter().map(|size| {
            let size = *size;
            series(Request::Batch { die: die(), size }, 1)
        });
        Self {
            series: std::iter::once(rolls).chain(batches).collect(),
            failures: 0,
        }
    }

    /// Runs one repetition; false if stopped.
    async fn repeat(&mut self, sender: &Sender, stop: &Stop) -> bool {
        for series in &mut self.series {
            for _ in 0..series.times {
                if stop.is_requested() {
                    return false;
                }
                let sending = sender.send(0, &series.request);
                let Some(answer) = stop.finish(sending).await else {
                    return false;
                };
                if answer.outcome == Outcome::Fine {
                    series.answered += 1;
                    series.latencies.record(answer.latency);
                } else {
                    self.failures += 1;
                }
            }
        }
        true
    }

    fn report(self, options: &Options, run: String, interrupted: bool) -> Report {
        let delay = options.roll_delay.as_secs_f64() * 1000.0;
        let single = self.series[0].latencies.summary();
        let mut rows = self.series.iter().map(|series| {
            let rolls = u8::try_from(series.request.rolls()).unwrap_or(u8::MAX);
            let n = f64::from(rolls);
            let latency = series.latencies.summary();
            let is_batch = matches!(series.request, Request::Batch { .. });
            let kind = if is_batch {
                Kind::Batch
            } else {
                Kind::Sequential
            };
            let measured = is_batch && single.mean_ms > 0.0 && latency.mean_ms > 0.0;
            Row {
                kind,
                rolls,
                requests: series.answered,
                latency,
                expected_mean_ms: delay * n / (n + 1.0),
                speed_up: measured.then(|| n * single.mean_ms / latency.mean_ms),
                expected_speed_up: (is_batch && delay > 0.0).then_some(f64::midpoint(n, 1.0)),
            }
        });
        Report {
            run,
            sequential: rows.next().expect("the sequential rolls come first"),
            batches: rows.collect(),
            failures: self.failures,
            interrupted,
            frontend: options.frontend.url.clone(),
        }
    }
}
