//! Watches the child that keeps the demo's own PostgreSQL: if it is killed, another one takes over
//! its server, and at the end everything is removed.

use std::path::PathBuf;
use std::time::Duration;

use local_postgres::LocalPostgres;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use stages::{Component, Stage};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use super::{Tenant, keeper};
use crate::child::{self, how};
use crate::environment::Decided;
use crate::held_output::HeldOutput;
use crate::terminal::say;

/// The delay before the next keeper starts. The server runs on meanwhile, and should not be
/// unwatched for long.
const RESTART_DELAY: Duration = Duration::from_millis(50);

/// The delay after a keeper that ended quickly.
const LONGER_DELAY: Duration = Duration::from_secs(3);

/// A keeper that ran this long has not ended quickly.
const RAN_WELL: Duration = Duration::from_secs(5);

/// How long reading the remaining output of a keeper may take.
const LAST_LINES: Duration = Duration::from_millis(200);

/// The server of this run and the process that keeps it.
#[derive(Debug)]
pub(crate) struct Postgres {
    keeper: Keeper,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Its databases do not exist yet.
    Starting(Box<Running>),
    Watched {
        stop: oneshot::Sender<()>,
        watching: JoinHandle<()>,
    },
}

/// The command of the keeper, and its output.
#[derive(Debug, Clone)]
struct Keeper {
    directory: PathBuf,
    arguments: Vec<String>,
    decided: Decided,
    held: HeldOutput,
}

/// A keeper that was started.
#[derive(Debug)]
struct Running {
    child: Child,
    _tether: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: JoinHandle<()>,
}

impl Postgres {
    /// Starts the keeper of a server with a database for each of `tenants`.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or the keeper cannot be started.
    pub(super) fn start(
        stage: Stage,
        tenants: &[Tenant],
        decided: &Decided,
    ) -> Result<Self, String> {
        if !LocalPostgres::is_there() {
            return Err(not_installed(stage));
        }
        let directory = local_postgres::unused_directory();
        let mut arguments = vec![
            keeper::NAME.to_owned(),
            directory.to_string_lossy().into_owned(),
        ];
        let tenants = tenants.iter();
        arguments.extend(tenants.map(|Tenant { role, database }| format!("{role}={database}")));
        let keeper = Keeper {
            directory,
            arguments,
            decided: decided.clone(),
            held: HeldOutput::default(),
        };
        let first = keeper.spawn()?;
        Ok(Self {
            keeper,
            state: State::Starting(Box::new(first)),
        })
    }

    /// The URLs of its `count` databases, once they exist. From then on the keeper is watched.
    ///
    /// # Errors
    /// With the output of a keeper that ended first.
    pub(super) async fn databases(&mut self, count: usize) -> Result<Vec<Url>, String> {
        let State::Starting(running) = &mut self.state else {
            return Ok(Vec::new());
        };
        let stdout = running.stdout.take().expect("piped, and taken once");
        let mut lines = BufReader::new(stdout).lines();
        let mut urls = Vec::new();
        while urls.len() < count {
            let line = lines.next_line().await.ok().flatten();
            match line.and_then(|line| Url::parse(&line).ok()) {
                Some(url) => urls.push(url),
                None => return Err(self.keeper.first_end(running).await),
            }
        }
        self.keeper.held.release();
        self.watch();
        Ok(urls)
    }

    fn watch(&mut self) {
        let (stop, stopped) = oneshot::channel();
        // Replaced at once: the running keeper moves to the task that watches it.
        let keeper = self.keeper.clone();
        let idle = State::Watched {
            stop,
            watching: tokio::spawn(async {}),
        };
        let State::Starting(running) = std::mem::replace(&mut self.state, idle) else {
            return;
        };
        if let State::Watched { watching, .. } = &mut self.state {
            *watching = tokio::spawn(keeper.watch(*running, stopped));
        }
    }

    /// Stops the keeper and waits until `deadline`. It is not killed then, because it still has to
    /// clean up.
    pub(crate) async fn stop(self, deadline: Instant) {
        let Self { keeper, state } = self;
        let ended = match state {
            State::Starting(mut running) => {
                child::send_sigterm(&running.child);
                timeout_at(deadline, running.child.wait()).await.is_ok()
            }
            State::Watched { stop, watching } => {
                let _ = stop.send(());
                timeout_at(deadline, watching).await.is_ok()
            }
        };
        if ended {
            keeper.clear_up().await;
        } else {
            say("demo: PostgreSQL is still stopping");
        }
    }
}

impl Keeper {
    fn spawn(&self) -> Result<Running, String> {
        let started =
            child::command(&self.arguments, &self.decided).and_then(|mut command| command.spawn());
        let mut child =
            started.map_err(|error| format!("PostgreSQL cannot be started: {error}"))?;
        let stderr = child.stderr.take().expect("piped");
        Ok(Running {
            _tether: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: self.held.follow(stderr),
            child,
        })
    }

    /// Why it ended before it had created the databases. Programs that it had started are killed.
    async fn first_end(&self, running: &mut Running) -> String {
        let group = running.child.id().and_then(|id| i32::try_from(id).ok());
        let how = how(running.child.wait().await);
        let _ = timeout(LAST_LINES, &mut running.stderr).await;
        if let Some(group) = group.filter(|_| self.directory.exists()) {
            // Programs of PostgreSQL that survived a killed keeper.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        self.held.startup_failure(keeper::NAME, &how)
    }

    /// Starts another keeper whenever one ends, until the stop signal.
    async fn watch(self, mut running: Running, mut stopped: oneshot::Receiver<()>) {
        let mut delay = RESTART_DELAY;
        loop {
            let started = Instant::now();
            let ended = tokio::select! {
                status = running.child.wait() => status,
                _ = &mut stopped => {
                    child::send_sigterm(&running.child);
                    let _ = running.child.wait().await;
                    return;
                }
            };
            let (name, how) = (keeper::NAME, how(ended));
            if !self.directory.exists() {
                say(&format!(
                    "{name} ended ({how}) and removed its PostgreSQL with all data: restart the demo"
                ));
                return;
            }
            delay = match started.elapsed() < RAN_WELL {
                true => LONGER_DELAY.min(delay * 10),
                false => RESTART_DELAY,
            };
            say(&format!(
                "{name} ended ({how}); another one takes over its PostgreSQL in {delay:?}"
            ));
            tokio::select! {
                () = sleep(delay) => {}
                _ = &mut stopped => return,
            }
            running = match self.spawn() {
                Ok(running) => running,
                Err(error) => return say(&format!("demo: {error}")),
            };
        }
    }

    /// Removes the leftovers of a killed keeper.
    async fn clear_up(self) {
        if !self.directory.exists() {
            return;
        }
        let directory = self.directory.clone();
        let removed = tokio::task::spawn_blocking(move || local_postgres::remove(&directory)).await;
        if let Ok(Err(error)) = removed {
            let directory = self.directory.display();
            say(&format!(
                "demo: PostgreSQL in {directory} cannot be removed: {error}"
            ));
        }
    }
}

fn not_installed(stage: Stage) -> String {
    let flags = match stage.runs(Component::UsageSink) {
        false => "--database-url (DATABASE_URL)",
        true => "--database-url and --usage-database-url (DATABASE_URL, USAGE_DATABASE_URL)",
    };
    format!(
        "stage {stage} needs PostgreSQL, which is not installed: run apt-get install postgresql, or give \
         the URL of a server with {flags}"
    )
}
