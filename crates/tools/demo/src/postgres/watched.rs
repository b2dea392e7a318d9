//! The child that keeps the demo's own PostgreSQL, watched: when it is killed, another takes over its
//! server, and at the end nothing of that stays.

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
use crate::terminal::say;
use crate::words::Words;

/// Before another keeper starts: its server runs on meanwhile, and must not be alone for long.
const RESTART_DELAY: Duration = Duration::from_millis(50);

/// Before another starts that follows one which ended quickly.
const LONGER_DELAY: Duration = Duration::from_secs(3);

/// A keeper that ran as long as this did not end quickly.
const RAN_WELL: Duration = Duration::from_secs(5);

/// How long the last words of a keeper may take.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The server of this run and the process that keeps it.
#[derive(Debug)]
pub(crate) struct Postgres {
    keeper: Keeper,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Its databases are not there yet.
    Starting(Box<Running>),
    Watched {
        stop: oneshot::Sender<()>,
        watching: JoinHandle<()>,
    },
}

/// How to start the keeper, and what it says.
#[derive(Debug, Clone)]
struct Keeper {
    directory: PathBuf,
    arguments: Vec<String>,
    decided: Decided,
    words: Words,
}

/// One that was started.
#[derive(Debug)]
struct Running {
    child: Child,
    _tether: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    words: JoinHandle<()>,
}

impl Postgres {
    /// Starts the keeper of a server that is to have the databases of `tenants`.
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
            words: Words::default(),
        };
        let first = keeper.spawn()?;
        Ok(Self {
            keeper,
            state: State::Starting(Box::new(first)),
        })
    }

    /// The URLs of its `count` databases, once they are there. From then on the keeper is watched.
    ///
    /// # Errors
    /// With the words of a keeper that ended before.
    pub(super) async fn databases(&mut self, count: usize) -> Result<Vec<Url>, String> {
        let State::Starting(running) = &mut self.state else {
            return Ok(Vec::new());
        };
        let stdout = running.stdout.take().expect("piped, and asked for once");
        let mut lines = BufReader::new(stdout).lines();
        let mut urls = Vec::new();
        while urls.len() < count {
            let line = lines.next_line().await.ok().flatten();
            match line.and_then(|line| Url::parse(&line).ok()) {
                Some(url) => urls.push(url),
                None => return Err(self.keeper.first_end(running).await),
            }
        }
        self.keeper.words.let_out();
        self.watch();
        Ok(urls)
    }

    fn watch(&mut self) {
        let (stop, stopped) = oneshot::channel();
        // Replaced at once: the one that runs goes to the task that watches it.
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

    /// Tells it to end and waits until `deadline`. It is not killed then: it has still to clear up.
    pub(crate) async fn stop(self, deadline: Instant) {
        let Self { keeper, state } = self;
        let ended = match state {
            State::Starting(mut running) => {
                child::tell_to_end(&running.child);
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
        let child = child::command(&self.arguments, &self.decided);
        let child = child.and_then(|mut command| command.spawn());
        let mut child = child.map_err(|error| format!("PostgreSQL cannot be started: {error}"))?;
        let stderr = child.stderr.take().expect("piped");
        Ok(Running {
            _tether: child.stdin.take(),
            stdout: child.stdout.take(),
            words: self.words.follow(stderr),
            child,
        })
    }

    /// Why it ended before there was a database. What it had begun is ended, too.
    async fn first_end(&self, running: &mut Running) -> String {
        let group = running.child.id().and_then(|id| i32::try_from(id).ok());
        let how = how(running.child.wait().await);
        let _ = timeout(LAST_WORDS, &mut running.words).await;
        if let Some(group) = group.filter(|_| self.directory.exists()) {
            // Programs of PostgreSQL that a killed keeper left at work.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        self.words.of_first_end(keeper::NAME, &how)
    }

    /// Starts another keeper whenever one ends, until told to stop.
    async fn watch(self, mut running: Running, mut stopped: oneshot::Receiver<()>) {
        let mut delay = RESTART_DELAY;
        loop {
            let started = Instant::now();
            let ended = tokio::select! {
                status = running.child.wait() => status,
                _ = &mut stopped => {
                    child::tell_to_end(&running.child);
                    let _ = running.child.wait().await;
                    return;
                }
            };
            let (name, how) = (keeper::NAME, how(ended));
            if !self.directory.exists() {
                say(&format!(
                    "{name} ended ({how}) and removed its PostgreSQL with all data: start the demo again"
                ));
                return;
            }
            delay = match started.elapsed() < RAN_WELL {
                true => LONGER_DELAY.min(delay * 10),
                false => RESTART_DELAY,
            };
            say(&format!(
                "{name} ended ({how}); another takes over its PostgreSQL in {delay:?}"
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

    /// Removes what a keeper left behind that was killed.
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
        "stage {stage} needs PostgreSQL, which is not installed: apt-get install postgresql, or say \
         with {flags} where there is one"
    )
}
