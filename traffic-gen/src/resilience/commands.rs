//! The commands that break and restore something, run on schedule.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command as Process;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::report::Command;
use crate::console::Console;
use crate::stop::Stop;

/// A command and when to run it, counted from the start of the run.
#[derive(Debug, Clone)]
pub(super) struct Step {
    command: String,
    at: Duration,
    restores: bool,
}

impl Step {
    pub(super) fn during(command: &str, at: Duration) -> Self {
        Self {
            command: command.to_owned(),
            at,
            restores: false,
        }
    }

    pub(super) fn restore(command: &str, at: Duration) -> Self {
        Self {
            command: command.to_owned(),
            at,
            restores: true,
        }
    }
}

/// The commands, running concurrently with the load.
pub(super) struct Commands(JoinHandle<Vec<Command>>);

impl Commands {
    pub(super) fn start(steps: Vec<Step>, start: Instant, stop: Stop, console: Console) -> Self {
        Self(tokio::spawn(async move {
            let mut done = Vec::new();
            for step in steps {
                tokio::select! {
                    () = sleep_until(start + step.at) => {}
                    () = stop.requested() => {}
                }
                // After a stop, restore what was broken and break nothing more.
                let has_broken = !done.is_empty();
                if !stop.is_requested() || (step.restores && has_broken) {
                    done.push(step.run(start, &console).await);
                }
            }
            done
        }))
    }

    /// Waits for running commands and returns all that were run.
    pub(super) async fn finish(self) -> Vec<Command> {
        self.0
            .await
            .expect("the commands neither panic nor are aborted")
    }
}

impl Step {
    async fn run(self, start: Instant, console: &Console) -> Command {
        let began = start.elapsed();
        console.note(&format!("{:.0} s: {}", began.as_secs_f64(), self.command));
        let status = Process::new("sh")
            .args(["-c", &self.command])
            .stdin(Stdio::null())
            // Standard output holds the report only.
            .stdout(Stdio::null())
            .status()
            .await;
        let problem = match status {
            Ok(status) if status.success() => None,
            Ok(status) => Some(status.to_string()),
            Err(error) => Some(error.to_string()),
        };
        Command {
            command: self.command,
            restores: self.restores,
            at_seconds: began.as_secs_f64(),
            took_seconds: (start.elapsed() - began).as_secs_f64(),
            problem,
        }
    }
}
