//! One supervised process: started, its lines passed on, restarted when it dies, stopped in order.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use crate::lines::Lines;

/// How long a service stays away after it died: long enough to see what its callers do.
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// How long the last lines of a service that ended may take to be passed on.
const LAST_LINES: Duration = Duration::from_millis(200);

/// What a shell may have set for a program of its own: all services under one name, or spans that
/// go elsewhere, would make nonsense of the demo. And what the stage decides, which no service is
/// to know from anywhere else.
const NOT_FOR_CHILDREN: [&str; 10] = [
    "OTEL_SERVICE_NAME",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SDK_DISABLED",
    "STAGE",
    "DIE_SERVICE_URL",
    "DATABASE_URL",
    "USAGE_DATABASE_URL",
    "LOG_ROUTES",
    "ONLY_ROLLS",
];

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// What it is called in messages, and its log file.
    pub(crate) name: String,
    /// The service, as `demo service` knows it, and its flags.
    pub(crate) arguments: Vec<String>,
    /// Not an argument, because it may hold a password and arguments are for everybody to see.
    pub(crate) database: Option<Url>,
}

/// A service and whoever keeps it running.
#[derive(Debug)]
pub(crate) struct Supervised {
    name: String,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
}

impl Supervised {
    /// Starts `role`, and again whenever it ends by itself.
    ///
    /// # Errors
    /// When it cannot be started the first time.
    pub(crate) fn start(role: Role, lines: Lines) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let name = role.name.clone();
        let first = spawn(&role, &lines)?;
        let supervisor = tokio::spawn(supervise(role, lines, first, stopped));
        Ok(Self {
            name,
            stop,
            supervisor,
        })
    }

    /// Tells the process to end, and waits until it has; it is killed at `deadline`.
    pub(crate) async fn stop(self, deadline: Instant) {
        let Self {
            name,
            stop,
            mut supervisor,
        } = self;
        let _ = stop.send(());
        if timeout_at(deadline, &mut supervisor).await.is_err() {
            eprintln!("demo: {name} did not end in time and was killed");
            supervisor.abort();
            let _ = supervisor.await;
        }
    }
}

async fn supervise(
    role: Role,
    lines: Lines,
    mut current: Tethered,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        let ended = tokio::select! {
            status = current.child.wait() => status,
            _ = &mut stopped => return current.terminate().await,
        };
        report(&role.name, ended);
        tokio::select! {
            () = sleep(RESTART_DELAY) => {}
            _ = &mut stopped => return,
        }
        current = match spawn(&role, &lines) {
            Ok(tethered) => tethered,
            Err(error) => return eprintln!("demo: {} cannot be restarted: {error}", role.name),
        };
    }
}

fn report(name: &str, ended: io::Result<ExitStatus>) {
    let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    eprintln!("\r{name} ended ({how}); it starts again in {RESTART_DELAY:?}");
}

/// A child, and its standard input: nobody writes to it, but the child ends when it is closed.
/// Kept apart from the child because waiting for a child closes the one it holds.
struct Tethered {
    child: Child,
    _tether: Option<ChildStdin>,
    /// Ends after its last line.
    lines: JoinHandle<()>,
}

fn spawn(role: &Role, lines: &Lines) -> io::Result<Tethered> {
    let mut command = command(&role.arguments)?;
    if let Some(url) = &role.database {
        command.env("DATABASE_URL", url.as_str());
    }
    let mut child = command.kill_on_drop(true).spawn()?;
    let stdout = child.stdout.take().expect("piped");
    let tether = child.stdin.take();
    Ok(Tethered {
        child,
        _tether: tether,
        lines: lines.follow(&role.name, stdout)?,
    })
}

/// This program as one of the services, which ends when nobody holds its standard input any more.
///
/// # Errors
/// When this program's file is gone.
pub(crate) fn command(arguments: &[String]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for variable in NOT_FOR_CHILDREN {
        command.env_remove(variable);
    }
    command
        .args(["service", "--stop-at-eof"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
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
    /// Returns once it has ended and all it said was passed on, unless somebody who is to read it
    /// stalls.
    async fn terminate(mut self) {
        tell_to_end(&self.child);
        let _ = self.child.wait().await;
        let _ = timeout(LAST_LINES, self.lines).await;
    }
}
