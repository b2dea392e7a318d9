//! What failed, for how long, and how soon the system recovered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::windows::{Second, Windows};
use crate::look_next::LookNext;
use crate::output;
use crate::table::Table;

/// The result of a resilience run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// The attribute `traffic.run` of every root span.
    pub(crate) run: String,
    /// Whether the run was stopped early.
    pub(crate) interrupted: bool,
    /// Rolls that succeeded.
    pub(crate) answered: u64,
    /// Rolls that failed.
    pub(crate) failed: u64,
    /// Share of rolls that succeeded, 0.0 to 1.0.
    pub(crate) availability: Option<f64>,
    /// Failed rolls by status, or by the reason for having no status.
    pub(crate) failures_by_status: BTreeMap<String, u64>,
    /// Failed rolls by the service that caused the failure.
    pub(crate) failures_by_hop: BTreeMap<String, u64>,
    /// The longest run of consecutive seconds that each had a failure.
    pub(crate) longest_outage_seconds: u64,
    /// When it began, in seconds from the start.
    pub(crate) longest_outage_at_seconds: Option<u64>,
    /// From the start of the restoring command to the first clean second. Without such a command,
    /// from the start of the breaking one to the end of the last second with a failure, if clean
    /// seconds follow.
    pub(crate) recovery_seconds: Option<f64>,
    /// Whether the last second with requests was clean.
    pub(crate) clean_at_end: bool,
    /// The commands, in the order in which they ran.
    pub(crate) commands: Vec<Command>,
    /// One entry for each second.
    pub(crate) windows: Vec<Window>,
}

/// A command that was run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Command {
    /// The command line.
    pub(crate) command: String,
    /// Whether it restores, rather than breaks.
    pub(crate) restores: bool,
    /// When it was started, in seconds from the start of the run.
    pub(crate) at_seconds: f64,
    /// How long it ran.
    pub(crate) took_seconds: f64,
    /// Why it failed, if it did.
    pub(crate) problem: Option<String>,
}

/// One second; requests count in the second in which they were due.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Window {
    /// Seconds from the start of the run.
    pub(crate) second: usize,
    /// Rolls that succeeded.
    pub(crate) answered: u64,
    /// Rolls that failed.
    pub(crate) failed: u64,
}

impl Report {
    pub(super) fn new(
        run: String,
        windows: &Windows,
        commands: Vec<Command>,
        interrupted: bool,
    ) -> Self {
        let answered: u64 = windows.seconds.iter().map(|second| second.answered).sum();
        let failed: u64 = windows.seconds.iter().map(Second::failed).sum();
        let outage = windows.longest_outage();
        let recovery = commands.last().and_then(|command| {
            let at = Duration::from_secs_f64(command.at_seconds);
            let end = match command.restores {
                true => windows.first_clean(at)?,
                false => windows.outage_end(at)?,
            };
            Some((end - at).as_secs_f64())
        });
        let busy = |second: &&Second| second.answered + second.failed() > 0;
        let last = windows.seconds.iter().rev().find(busy);
        Self {
            run,
            interrupted,
            answered,
            failed,
            availability: (answered + failed > 0)
                .then(|| answered as f64 / (answered + failed) as f64),
            failures_by_status: sum(windows, |(status, _)| status.clone()),
            failures_by_hop: sum(windows, |(_, hop)| hop.name().to_owned()),
            longest_outage_seconds: outage.map_or(0, |(_, length)| length as u64),
            longest_outage_at_seconds: outage.map(|(first, _)| first as u64),
            recovery_seconds: recovery,
            clean_at_end: last.is_some_and(Second::is_clean),
            commands,
            windows: windows.seconds.iter().enumerate().map(window).collect(),
        }
    }
}

fn window((second, counts): (usize, &Second)) -> Window {
    Window {
        second,
        answered: counts.answered,
        failed: counts.failed(),
    }
}

fn sum(
    windows: &Windows,
    key: impl Fn(&(String, super::hop::Hop)) -> String,
) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (failure, count) in windows.seconds.iter().flat_map(|second| &second.failures) {
        *sums.entry(key(failure)).or_default() += count;
    }
    sums
}

impl output::Report for Report {
    /// Failures are the purpose of the experiment; the run fails only if they persist.
    fn passed(&self) -> bool {
        self.clean_at_end
            && self
                .commands
                .iter()
                .all(|command| command.problem.is_none())
    }

    fn look_next(&self) -> LookNext<'_> {
        LookNext {
            run: Some(&self.run),
            ..LookNext::default()
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timeline())?;
        let (answered, sent) = (self.answered, self.answered + self.failed);
        let share = self.availability.unwrap_or_default() * 100.0;
        writeln!(
            f,
            "\navailability     {share:.2} % ({answered} of {sent} rolls)"
        )?;
        let by_status = output::counts(&self.failures_by_status);
        writeln!(f, "failures         by status: {by_status}")?;
        let by_hop = output::counts(&self.failures_by_hop);
        writeln!(f, "                 by service: {by_hop}")?;
        let longest = self.longest_outage_seconds;
        match self.longest_outage_at_seconds {
            Some(at) => writeln!(f, "longest outage   {longest} s, from second {at}")?,
            None => writeln!(f, "longest outage   none")?,
        }
        for command in &self.commands {
            let what = if command.restores {
                "restored"
            } else {
                "broken"
            };
            let (at, took) = (command.at_seconds, command.took_seconds);
            write!(
                f,
                "{what:<16} at {at:.1} s, in {took:.1} s: {}",
                command.command
            )?;
            match &command.problem {
                Some(problem) => writeln!(f, " FAILED ({problem})")?,
                None => writeln!(f)?,
            }
        }
        self.recovery().map_or(Ok(()), |recovery| {
            writeln!(f, "recovery         {recovery}")
        })
    }
}

impl Report {
    /// How the system recovered; none if nothing was broken and nothing failed.
    fn recovery(&self) -> Option<String> {
        let restores = self.commands.last().map(|command| command.restores);
        match (restores, self.recovery_seconds) {
            _ if !self.clean_at_end => Some("none: the last second had failures".to_owned()),
            (Some(true), Some(seconds)) => Some(format!(
                "first clean second {seconds:.1} s after the start of the restore command"
            )),
            (Some(false), Some(seconds)) => Some(format!(
                "by itself: clean again {seconds:.1} s after the start of the command that broke it"
            )),
            (Some(false), None) => Some("not needed: no roll failed after the command".to_owned()),
            _ => None,
        }
    }

    /// Groups equal seconds, so that a minute fits on a screen.
    fn timeline(&self) -> Table {
        let state = |window: &Window| match (window.answered, window.failed) {
            (0, 0) => "no requests",
            (_, 0) => "clean",
            (0, _) => "down",
            _ => "failing",
        };
        let mut table = Table::new(["seconds", "state", "answered", "failed"]);
        for group in self.windows.chunk_by(|a, b| state(a) == state(b)) {
            let (first, last) = (group[0].second, group[group.len() - 1].second + 1);
            let answered: u64 = group.iter().map(|window| window.answered).sum();
            let failed: u64 = group.iter().map(|window| window.failed).sum();
            table.row([
                format!("{first}-{last}"),
                state(&group[0]).to_owned(),
                answered.to_string(),
                failed.to_string(),
            ]);
        }
        table
    }
}
