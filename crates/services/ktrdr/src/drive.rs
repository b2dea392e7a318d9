//! The driver: keeps the backend busy with operations and price requests, and prints the results.
//!
//! * `plan`: what to request and when.
//! * `session`: sending requests and following the operations.

mod plan;
mod session;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser};
use telemetry::client::http_url;
use telemetry::without_secrets;
use tokio::time::{Instant, sleep_until};
use url::Url;

use self::plan::Plan;
use self::session::Session;
use crate::flags::between;

/// If an outage delays an action by more than this, the schedule restarts from now.
const MAX_DELAY: Duration = Duration::from_secs(5);

/// Starts backtests and trainings at a moderate random pace, with price requests in between
///
/// A small share of the requests is invalid on purpose, so that rejections and failures occur.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Every flag can also be set with the environment variable shown beside it."
)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

/// The driver's configuration.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The backend's URL
    #[arg(long, env = "BACKEND_URL", value_name = "URL", value_parser = http_url)]
    #[arg(default_value = "http://127.0.0.1:8000")]
    pub backend_url: Url,

    /// Mean number of operations a minute, 0.1 to 6000; price requests are twice as frequent
    #[arg(
        long,
        env = "DRIVE_PACE",
        value_name = "OPERATIONS",
        default_value_t = 20.0
    )]
    #[arg(value_parser = |text: &str| between(text, 0.1, 6000.0))]
    pub pace: f64,

    /// The share of requests that are invalid on purpose, 0.0 to 1.0
    #[arg(
        long,
        env = "DRIVE_FAULT_SHARE",
        value_name = "SHARE",
        default_value_t = 0.05
    )]
    #[arg(value_parser = |text: &str| between(text, 0.0, 1.0))]
    pub fault_share: f64,

    /// Seed of all random choices; the same seed sends the same requests [default: random]
    #[arg(long, env = "DRIVE_SEED", value_name = "NUMBER")]
    pub seed: Option<u64>,

    /// Stop after this many operation requests [default: run until stopped]
    #[arg(long, env = "DRIVE_OPERATIONS", value_name = "OPERATIONS")]
    pub operations: Option<u64>,
}

pub(crate) fn main_from<S: Future<Output = ()>>(
    arguments: impl IntoIterator<Item = OsString>,
    shutdown: impl FnOnce() -> S,
) -> ExitCode {
    let config = match Cli::try_parse_from(arguments).map_err(without_secrets) {
        Ok(Cli { config }) => config,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let driven =
        runtime.and_then(|runtime| runtime.block_on(async { run(config, shutdown()).await }));
    match driven {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ktrdr drive: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Drives until `shutdown` is ready or enough operations were requested, then prints the totals.
///
/// # Errors
/// When standard output cannot be written.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let seed = config.seed.unwrap_or_else(rand::random);
    let mut session = Session::new(config.backend_url.clone(), io::stdout());
    session.print(format_args!(
        "driving {} with {} operations a minute, seed {seed}",
        config.backend_url, config.pace
    ))?;
    let plan = Plan::new(seed, config.pace, config.fault_share);
    tokio::select! {
        driven = drive(plan, &mut session, config.operations) => driven?,
        () = shutdown => {}
    }
    session.totals()
}

async fn drive(
    mut plan: Plan,
    session: &mut Session<io::Stdout>,
    operations: Option<u64>,
) -> io::Result<()> {
    let mut due = Instant::now();
    while operations.is_none_or(|enough| session.requested() < enough) {
        let (wait, action) = plan.next();
        due = (due + wait).max(Instant::now() - MAX_DELAY);
        sleep_until(due).await;
        session.perform(action).await?;
        session.follow().await?;
    }
    session.follow_to_the_end().await
}
