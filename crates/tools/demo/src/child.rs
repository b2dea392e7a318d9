//! One supervised process: its start, its output, its restarts and its stop.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use crate::environment::Decided;
use crate::held_output::HeldOutput;
use crate::lines::Lines;
use crate::terminal::say;

/// The delay before a restart: long enough to observe how callers react.
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// The longest delay before a restart, for a process that fails repeatedly.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// A process that ran this long has not failed repeatedly.
const RAN_WELL: Duration = Duration::from_secs(5);

/// How long a program that does not listen must run to count as started.
const FIRST_MOMENTS: Duration = Duration::from_secs(2);

/// How long reading the remaining output of an ended service may take.
const LAST_LINES: Duration = Duration::from_millis(200);

/// A process to start.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// Its name in messages, and the name of its log file.
    pub(crate) name: String,
    /// The service and its flags, as arguments of `demo service`.
    pub(crate) arguments: Vec<String>,
    /// Not an argument, because it may contain a password and arguments are visible to all users.
    pub(crate) database: Option<Url>,
    /// Whether it listens; a listening process is ready once it answers.
    pub(crate) listens: bool,
    /// The variables that the demo sets.
    pub(crate) decided: Decided,
}

/// Receives the reason if a part ends before it was ready, which ends the demo.
pub(crate) type Failures = mpsc::UnboundedSender<String>;

/// A service and the task that keeps it running.
#[derive(Debug)]
pub(crate) struct Supervised {
    name: String,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
    held: HeldOutput,
}

impl Supervised {
    /// Starts `role`, and restarts it if it ends by itself after it was ready. If it ends before
    /// that, the reason is sent to `failures`.
    ///
    /// # Errors
    /// When it cannot be started the first time.
    pub(crate) fn start(role: Role, lines: Lines, failures: Failures) -> Result<Self, String> {
        let (stop, stopped) = oneshot::channel();
        let name = role.name.clone();
        let held = HeldOutput::default();
        let first = spawn(&role, &lines, &held)?;
        let supervisor = Supervisor {
            role,
            lines,
            held: held.clone(),
        };
        Ok(Self {
            name,
            stop,
            supervisor: tokio::spawn(supervisor.run(first, failures, stopped)),
            held,
        })
    }

    /// Marks it as ready: from now on it is restarted when it ends, and its output is passed on at
    /// once.
    pub(crate) fn is_ready(&self) {
        self.held.release();
    }

    /// Stops the process and waits until it has ended; at `deadline` it is killed.
    pub(crate) async fn stop(self, deadline: Instant) {
        let Self {
            name,
            stop,
            mut supervisor,
            held,
        } = self;
        held.release();
        let _ = stop.send(());
        if timeout_at(deadline, &mut supervisor).await.is_err() {
            say(&format!("demo: {name} did not stop in time and was killed"));
            supervisor.abort();
            let _ = supervisor.await;
        }
    }
}

struct Supervisor {
    role: Role,
    lines: Lines,
    held: HeldOutput,
}

impl Supervisor {
    async fn run(
        self,
        mut current: Tethered,
        failures: Failures,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let name = &self.role.name;
        let mut delay = Delay::default();
        loop {
            let started = Instant::now();
            let ended = tokio::select! {
                status = self.end(&mut current) => status,
                _ = &mut stopped => return current.terminate().await,
            };
            let how = how(ended);
            if !self.held.is_released() {
                current.last_lines().await;
                let _ = failures.send(self.held.startup_failure(name, &how));
                return;
            }
            let pause = delay.after(started.elapsed());
            say(&format!("{name} ended ({how}); restarting in {pause:?}"));
            tokio::select! {
                () = sleep(pause) => {}
                _ = &mut stopped => return,
            }
            current = match spawn(&self.role, &self.lines, &self.held) {
                Ok(tethered) => tethered,
                Err(error) => return say(&format!("demo: {name} cannot be restarted: {error}")),
            };
        }
    }

    /// Waits for the end. A program that does not listen counts as ready after a short time.
    async fn end(&self, current: &mut Tethered) -> io::Result<ExitStatus> {
        if !self.role.listens
            && let Ok(ended) = timeout(FIRST_MOMENTS, current.child.wait()).await
        {
            return ended;
        }
        if !self.role.listens {
            self.held.release();
        }
        current.child.wait().await
    }
}

/// The delay before a restart; it grows if the process did not run well in between.
#[derive(Default)]
struct Delay(Option<Duration>);

impl Delay {
    fn after(&mut self, ran: Duration) -> Duration {
        let delay = match self.0 {
            Some(before) if ran < RAN_WELL => (before * 2).min(LONGEST_DELAY),
            _ => RESTART_DELAY,
        };
        self.0 = Some(delay);
        delay
    }
}

pub(crate) fn how(ended: io::Result<ExitStatus>) -> String {
    ended.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// A child and its standard input. Nothing is written to it, but the child ends when it is closed.
/// It is kept apart from the child because waiting for a child closes the input that it holds.
struct Tethered {
    child: Child,
    _tether: Option<ChildStdin>,
    /// They end after the last lines on standard output and standard error.
    lines: JoinHandle<()>,
    stderr: JoinHandle<()>,
}

fn spawn(role: &Role, lines: &Lines, held: &HeldOutput) -> Result<Tethered, String> {
    let file = lines.file(&role.name)?;
    let start = || {
        let mut command = command(&role.arguments, &role.decided)?;
        if let Some(url) = &role.database {
            command.env("DATABASE_URL", url.as_str());
        }
        command.kill_on_drop(true).spawn()
    };
    let mut child = start().map_err(|error| error.to_string())?;
    let stdout = child.stdout.take().expect("piped");
    let stderr = child.stderr.take().expect("piped");
    let tether = child.stdin.take();
    Ok(Tethered {
        child,
        _tether: tether,
        lines: lines.follow(&role.name, stdout, file, held.clone()),
        stderr: held.follow(stderr),
    })
}

/// A command that runs this program as one of the services, which ends when its standard input is
/// closed.
///
/// # Errors
/// When the file of this program does not exist.
pub(crate) fn command(arguments: &[String], decided: &Decided) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    decided.give(&mut command);
    command
        .args(["service", "--stop-at-eof"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C must reach only the demo, which stops its children in order.
        .process_group(0);
    Ok(command)
}

/// Sends SIGTERM to `child`.
pub(crate) fn send_sigterm(child: &Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // Fails only when it has just ended.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

impl Tethered {
    /// Returns once it has ended and all its lines were passed on, unless their reader stalls.
    async fn terminate(mut self) {
        send_sigterm(&self.child);
        let _ = self.child.wait().await;
        self.last_lines().await;
    }

    async fn last_lines(self) {
        let _ = timeout(LAST_LINES, async {
            let _ = self.lines.await;
            let _ = self.stderr.await;
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_if_a_process_fails_repeatedly() {
        let mut delay = Delay::default();
        let quick = Duration::from_millis(10);
        let delays: Vec<u64> = (0..6).map(|_| delay.after(quick).as_secs()).collect();
        assert_eq!(delays, [3, 6, 12, 24, 30, 30]);
        assert_eq!(delay.after(RAN_WELL), RESTART_DELAY);
    }
}
