//! Holding a drill: from the moment when the file of flags is taken to the moment when it is released.

mod dialogue;

use std::pin::{Pin, pin};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use self::dialogue::{Dialogue, Step};
use crate::answer::Answer;
use crate::cli::Cli;
use crate::draw::{self, Draw};
use crate::evidence;
use crate::lease::{Lease, RENEWAL};
use crate::report::Report;
use crate::score::{Score, Truth};
use crate::system::System;
use crate::timeline;

/// The exit code after Ctrl-C or SIGTERM, as shells have it.
const INTERRUPTED: u8 = 130;

/// How long after its beginning a fault is looked for at the earliest, in a dialogue.
const SOON: Duration = Duration::from_secs(5);

/// Holds a drill, and prints its report.
///
/// # Errors
/// If it cannot be held, with a message for the terminal.
pub(crate) fn hold(cli: &Cli, system: &System) -> Result<ExitCode, String> {
    let (seed, draw) = draw(cli, system)?;
    if let Some(answer) = &cli.answers {
        answer.check(system)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("cannot start the async runtime: {error}"))?;
    let lease = Lease::take(system.file.clone()).map_err(|error| error.to_string())?;
    let held = Drill {
        cli,
        system,
        draw,
        seed,
    };
    let code = runtime.block_on(held.run(lease));
    // Do not wait for a line of standard input.
    runtime.shutdown_background();
    code
}

/// The seed, if there is one, and what it decides; or what a presenter chose.
fn draw(cli: &Cli, system: &System) -> Result<(Option<u64>, Draw), String> {
    let seed = cli.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let mut draw = Draw::new(seed, &system.faults());
    if let Some(delay) = cli.delay {
        draw.delay = delay;
    }
    let Some(chosen) = cli.fault else {
        return Ok((Some(seed), draw));
    };
    if let Some(fault) = chosen.0
        && let Some(reason) = system.missing(fault)
    {
        return Err(format!("{fault} cannot be chosen: {reason}"));
    }
    draw.fault = chosen.0;
    Ok((None, draw))
}

struct Drill<'a> {
    cli: &'a Cli,
    system: &'a System,
    draw: Draw,
    seed: Option<u64>,
}

/// Why the learner stopped looking.
enum End {
    Answered(Answer),
    GaveUp,
    Interrupted,
}

impl Drill<'_> {
    async fn run(&self, mut lease: Lease) -> Result<ExitCode, String> {
        let mut dialogue = Dialogue::new(self.system, self.draw.fault, self.cli.answers.is_none());
        let mut began = None;
        // One for the whole drill: a signal between two waits must not be missed.
        let mut stopped = pin!(service::terminated());
        let looked = self.look(&mut lease, &mut dialogue, &mut began, stopped.as_mut());
        let end = looked.await?;
        if let End::Interrupted = end {
            drop(lease);
            eprintln!("drill: interrupted; every fault is off");
            return Ok(ExitCode::from(INTERRUPTED));
        }
        let ended = SystemTime::now();
        let answer = match end {
            End::Answered(answer) => Some(answer),
            End::GaveUp | End::Interrupted => None,
        };
        // If it did not begin, there was none.
        let truth = Truth {
            fault: self.draw.fault.filter(|_| began.is_some()),
            began: began.unwrap_or(ended),
        };
        let score = answer
            .as_ref()
            .map(|answer| Score::of(answer, &truth, ended, dialogue.hints));
        let evidence = match truth.fault {
            Some(fault) => tokio::select! {
                evidence = evidence::collect(self.cli, fault, truth.began) => evidence,
                () = stopped => Vec::new(),
            },
            None => Vec::new(),
        };
        drop(lease);
        let report = Report {
            stage: self.system.stage.number(),
            seed: self.seed,
            truth,
            too_early: truth.fault != self.draw.fault,
            ended,
            answer,
            score: score.unwrap_or_default(),
            hints: dialogue.hints,
            evidence,
            timeline: self.reveal(&truth).await,
        };
        match self.cli.json {
            true => print!("{}", report.json()),
            false => print!("{}", report.text()),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Waits for the end. The fault begins in between, and the lease is renewed.
    async fn look(
        &self,
        lease: &mut Lease,
        dialogue: &mut Dialogue<'_>,
        began: &mut Option<SystemTime>,
        mut stopped: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<End, String> {
        let start = Instant::now();
        let begins = start + self.draw.delay;
        let answered = begins + self.cli.after;
        let latest = self.cli.delay.unwrap_or_else(draw::latest) + SOON;
        dialogue.introduce(self.cli, latest);
        let mut renewals = interval(RENEWAL);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stopped.as_mut() => return Ok(End::Interrupted),
                _ = renewals.tick() => {
                    // A full disk may be temporary; the lease ends if it is not.
                    let _ = lease.renew();
                }
                () = sleep_until(begins), if began.is_none() => {
                    if let Some(fault) = self.draw.fault {
                        lease.begin(fault).map_err(|error| error.to_string())?;
                    }
                    *began = Some(SystemTime::now());
                }
                () = sleep_until(answered), if self.cli.answers.is_some() => {
                    dialogue.hints = self.cli.hints;
                    return Ok(End::Answered(self.cli.answers.clone().unwrap_or_default()));
                }
                () = sleep_until(start + self.cli.limit) => return Ok(End::GaveUp),
                step = dialogue.next(start + latest) => match step {
                    Step::Continue => {}
                    Step::Answered(answer) => return Ok(End::Answered(answer)),
                    Step::GaveUp => return Ok(End::GaveUp),
                },
            }
        }
    }

    /// Puts the fault on dashboards. Returns what to print about that.
    async fn reveal(&self, truth: &Truth) -> String {
        let (Some(fault), Some(prometheus)) = (truth.fault, &self.cli.prometheus_url) else {
            return String::new();
        };
        let written = timeline::write(prometheus, fault, truth.began, SystemTime::now()).await;
        match written {
            Ok(()) => "The fault is now a region on the dashboards.".to_owned(),
            Err(cause) => format!("The fault is not on the dashboards: {cause}"),
        }
    }
}
