//! The commands that break and restore something, run when the time has come.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command as Process;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::report::Command;
use crate::console::Console;
use crate::stop::Stop;

/// A command and its time from the beginning of the run.
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

/// The commands, being run beside the load.
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
                // What was broken is not left broken; nothing is broken after a stop.
                let has_broken = !done.is_empty();
                if !stop.is_requested() || (step.restores && has_broken) {
                    done.push(step.run(start, &console).await);
                }
            }
            done
        }))
    }

    /// What was run; waits for a command that still is.
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
            // Standard output is for the report alone.
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
