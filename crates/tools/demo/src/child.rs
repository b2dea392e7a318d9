//! One supervised process: started, its lines passed on, restarted when it dies, stopped in order.

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
use crate::lines::Lines;
use crate::terminal::say;
use crate::words::Words;

/// How long a service stays away after it died: long enough to see what its callers do.
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// The longest delay, of one that dies again and again.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// One that ran as long as this did not die again and again.
const RAN_WELL: Duration = Duration::from_secs(5);

/// How long a program that does not listen must run to count as started.
const FIRST_MOMENTS: Duration = Duration::from_secs(2);

/// How long the last lines of a service that ended may take to be passed on.
const LAST_LINES: Duration = Duration::from_millis(200);

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// What it is called in messages, and its log file.
    pub(crate) name: String,
    /// The service, as `demo service` knows it, and its flags.
    pub(crate) arguments: Vec<String>,
    /// Not an argument, because it may hold a password and arguments are for everybody to see.
    pub(crate) database: Option<Url>,
    /// Whether it listens, and is ready once it answers.
    pub(crate) listens: bool,
    /// The variables that the demo sets.
    pub(crate) decided: Decided,
}

/// Where a part that ends before it was ever ready says so, which ends the demo.
pub(crate) type Failures = mpsc::UnboundedSender<String>;

/// A service and the task that keeps it running.
#[derive(Debug)]
pub(crate) struct Supervised {
    name: String,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
    words: Words,
}

impl Supervised {
    /// Starts `role`, and again when it ends by itself after it was ready. An end before that goes to
    /// `failures`.
    ///
    /// # Errors
    /// When it cannot be started the first time.
    pub(crate) fn start(role: Role, lines: Lines, failures: Failures) -> Result<Self, String> {
        let (stop, stopped) = oneshot::channel();
        let name = role.name.clone();
        let words = Words::default();
        let first = spawn(&role, &lines, &words)?;
        let supervisor = Supervisor {
            role,
            lines,
            words: words.clone(),
        };
        Ok(Self {
            name,
            stop,
            supervisor: tokio::spawn(supervisor.run(first, failures, stopped)),
            words,
        })
    }

    /// It serves: from now on it is restarted when it ends, and what it writes is passed on at once.
    pub(crate) fn is_ready(&self) {
        self.words.let_out();
    }

    /// Tells the process to end, and waits until it has; it is killed at `deadline`.
    pub(crate) async fn stop(self, deadline: Instant) {
        let Self {
            name,
            stop,
            mut supervisor,
            words,
        } = self;
        words.let_out();
        let _ = stop.send(());
        if timeout_at(deadline, &mut supervisor).await.is_err() {
            say(&format!("demo: {name} did not end in time and was killed"));
            supervisor.abort();
            let _ = supervisor.await;
        }
    }
}

struct Supervisor {
    role: Role,
    lines: Lines,
    words: Words,
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
            if !self.words.are_let_out() {
                current.last_lines().await;
                let _ = failures.send(self.words.of_first_end(name, &how));
                return;
            }
            let pause = delay.after(started.elapsed());
            say(&format!(
                "{name} ended ({how}); it starts again in {pause:?}"
            ));
            tokio::select! {
                () = sleep(pause) => {}
                _ = &mut stopped => return,
            }
            current = match spawn(&self.role, &self.lines, &self.words) {
                Ok(tethered) => tethered,
                Err(error) => return say(&format!("demo: {name} cannot be restarted: {error}")),
            };
        }
    }

    /// Waits for the end. A program that does not listen is ready after its first moments.
    async fn end(&self, current: &mut Tethered) -> io::Result<ExitStatus> {
        if !self.role.listens
            && let Ok(ended) = timeout(FIRST_MOMENTS, current.child.wait()).await
        {
            return ended;
        }
        if !self.role.listens {
            self.words.let_out();
        }
        current.child.wait().await
    }
}

/// How long to wait before a restart: longer each time when it did not run well in between.
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

/// A child, and its standard input: nothing is written to it, but the child ends when it is closed.
/// Kept apart from the child because waiting for a child closes the one it holds.
struct Tethered {
    child: Child,
    _tether: Option<ChildStdin>,
    /// End after its last lines on standard output and standard error.
    lines: JoinHandle<()>,
    words: JoinHandle<()>,
}

fn spawn(role: &Role, lines: &Lines, words: &Words) -> Result<Tethered, String> {
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
        lines: lines.follow(&role.name, stdout, file, words.clone()),
        words: words.follow(stderr),
    })
}

/// This program as one of the services, which ends when its standard input is closed.
///
/// # Errors
/// When this program's file is gone.
pub(crate) fn command(arguments: &[String], decided: &Decided) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    decided.give(&mut command);
    command
        .args(["service", "--stop-at-eof"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for the demo, which stops its children in order.
        .process_group(0);
    Ok(command)
}

/// Tells `child` to end.
pub(crate) fn tell_to_end(child: &Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // Fails only when it has just ended.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

impl Tethered {
    /// Returns once it has ended and all its lines were passed on, unless their reader stalls.
    async fn terminate(mut self) {
        tell_to_end(&self.child);
        let _ = self.child.wait().await;
        self.last_lines().await;
    }

    async fn last_lines(self) {
        let _ = timeout(LAST_LINES, async {
            let _ = self.lines.await;
            let _ = self.words.await;
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_dies_again_and_again_waits_longer_each_time() {
        let mut delay = Delay::default();
        let quick = Duration::from_millis(10);
        let delays: Vec<u64> = (0..6).map(|_| delay.after(quick).as_secs()).collect();
        assert_eq!(delays, [3, 6, 12, 24, 30, 30]);
        assert_eq!(delay.after(RAN_WELL), RESTART_DELAY);
    }
}
