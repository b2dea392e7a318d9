//! `resilience`: steady load, reported second by second, while a command breaks something.
//!
//! The load consists of fair rolls through the frontend, so every failure comes from a service and
//! none from a die. A second is clean if every request due in it succeeded.

mod commands;
mod hop;
mod report;
mod windows;

use std::time::Duration;

use tokio::time::Instant;

use self::commands::{Commands, Step};
use self::hop::Hop;
use self::report::Report;
use self::windows::Windows;
use crate::console::Console;
use crate::error::{Error, Failure};
use crate::flags::{Frontend, RequestTimeout, duration};
use crate::pace::{Schedule, Start, open_loop};
use crate::random::{rate, run_id};
use crate::reach::{Needed, check};
use crate::request::{Outcome, Request, Sender};
use crate::stop::Stop;

/// Send steady load while one command breaks something and another restores it
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Where users go.
    #[command(flatten)]
    pub(crate) frontend: Frontend,

    /// Rolls a second
    #[arg(
        long,
        env = "RESILIENCE_RATE",
        value_name = "NUMBER",
        default_value_t = 20.0
    )]
    #[arg(value_parser = rate)]
    pub(crate) rate: f64,

    /// How long to run, in whole seconds
    #[arg(
        long,
        env = "RESILIENCE_DURATION",
        value_name = "DURATION",
        default_value = "60s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) duration: Duration,

    /// Command that breaks something, run with sh -c; for example "docker compose stop die-service"
    #[arg(long, env = "RESILIENCE_DURING", value_name = "COMMAND")]
    pub(crate) during: Option<String>,

    /// When to break it, counted from the start
    #[arg(
        long,
        env = "RESILIENCE_AT",
        value_name = "DURATION",
        default_value = "10s"
    )]
    #[arg(value_parser = duration)]
    pub(crate) at: Duration,

    /// Command that restores it, run with sh -c; also after Ctrl-C
    #[arg(long, env = "RESILIENCE_RESTORE", value_name = "COMMAND")]
    pub(crate) restore: Option<String>,

    /// When to restore it, counted from the start [default: 20s after --at]
    #[arg(long, env = "RESILIENCE_RESTORE_AT", value_name = "DURATION")]
    #[arg(value_parser = duration)]
    pub(crate) restore_at: Option<Duration>,

    /// When a request times out.
    #[command(flatten)]
    pub(crate) request_timeout: RequestTimeout,
}

/// Default time between breaking and restoring.
const BROKEN: Duration = Duration::from_secs(20);

impl Options {
    fn steps(&self) -> Result<Vec<Step>, Error> {
        let restore_at = self.restore_at.unwrap_or(self.at + BROKEN);
        let problem = if self.duration < Duration::from_secs(1) {
            Some("--duration must be 1s or longer".to_owned())
        } else if self.during.is_some() && self.at >= self.duration {
            Some(format!(
                "--at {:?} must be earlier than the end of --duration",
                self.at
            ))
        } else if self.restore.is_some() && restore_at >= self.duration {
            Some(format!(
                "--restore-at {restore_at:?} must be earlier than the end of --duration"
            ))
        } else if self.during.is_some() && self.restore.is_some() && restore_at <= self.at {
            Some("--restore-at must be later than --at".to_owned())
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(Error::Usage(problem));
        }
        let during = self
            .during
            .iter()
            .map(|command| Step::during(command, self.at));
        let restore = self.restore.iter();
        let restore = restore.map(|command| Step::restore(command, restore_at));
        Ok(during.chain(restore).collect())
    }
}

/// Sends the load and runs the commands until done or until `shutdown` is ready.
///
/// # Errors
/// [`Error::Usage`] for contradicting times, [`Error::NotThere`] if the frontend cannot be reached.
pub(crate) async fn run(
    options: &Options,
    console: &Console,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, Error> {
    let steps = options.steps()?;
    check(Needed {
        service: "the frontend",
        url: &options.frontend.url,
        flag: "--frontend-url",
    })
    .await?;
    let stop = Stop::when(shutdown);
    let run = run_id();
    let sender = Sender::new(&options.frontend.url, options.request_timeout.timeout, &run);
    let duration = Duration::from_secs(options.duration.as_secs());
    let schedule = Schedule::new(options.rate, duration);
    let mut windows = Windows::new(duration);
    let commands = Commands::start(steps, schedule.start, stop.clone(), console.clone());
    let _following = console.follow(windows.progress());
    let send = |start: Start| {
        let sender = sender.clone();
        async move { roll(&sender, start.due).await }
    };
    let ended = open_loop(schedule, &stop, send, |roll: Roll| {
        windows.add(roll.due.duration_since(schedule.start), roll.failure);
    })
    .await;
    for due in ended.not_sent {
        let failure = (Failure::NotSent.to_string(), Hop::Frontend);
        windows.add(due.duration_since(schedule.start), Some(failure));
    }
    if stop.is_requested() {
        windows.end(ended.at.duration_since(schedule.start));
    }
    let commands = commands.finish().await;
    Ok(Report::new(run, &windows, commands, stop.is_requested()))
}

/// A roll: when it was due and, if it failed, how and in which service.
struct Roll {
    due: Instant,
    failure: Option<(String, Hop)>,
}

async fn roll(sender: &Sender, due: Instant) -> Roll {
    let request = Request::Roll {
        die: "fair".to_owned(),
    };
    let answer = sender.send(0, &request).await;
    let failure = match answer.outcome {
        Outcome::Failed(failure) => Some((failure.to_string(), Hop::of(failure, &answer))),
        Outcome::Fine | Outcome::RollFailed | Outcome::NoSuchDie | Outcome::NotOffered => None,
    };
    Roll { due, failure }
}
