//! One supervised process: started, its lines passed on, restarted when it dies, stopped in order.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use crate::cli::Options;

/// How long a service stays away after it died: long enough to see what its callers do.
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// What a shell may have set for a program of its own: all services under one name, or spans that
/// go elsewhere, would make nonsense of the demo.
const NOT_FOR_CHILDREN: [&str; 3] = [
    "OTEL_SERVICE_NAME",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SDK_DISABLED",
];

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    /// What it is called in messages, and its log file.
    pub(crate) name: String,
    /// The service, as `demo service` knows it, and its flags.
    pub(crate) arguments: Vec<String>,
}

/// Where the lines of a service go.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    to_stdout: bool,
    directory: Option<PathBuf>,
}

impl Lines {
    /// Creates the directory.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        if let Some(directory) = &options.log_dir {
            std::fs::create_dir_all(directory)
                .map_err(|error| format!("--log-dir {}: {error}", directory.display()))?;
        }
        Ok(Self {
            to_stdout: options.logs,
            directory: options.log_dir.clone(),
        })
    }

    fn file(&self, name: &str) -> io::Result<Option<File>> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        let path = directory.join(format!("{name}.log"));
        File::options()
            .create(true)
            .append(true)
            .open(path)
            .map(Some)
    }
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
            _ = &mut stopped => return terminate(current.child).await,
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
}

fn spawn(role: &Role, lines: &Lines) -> io::Result<Tethered> {
    let mut command = Command::new(std::env::current_exe()?);
    for variable in NOT_FOR_CHILDREN {
        command.env_remove(variable);
    }
    let mut child = command
        .args(["service", "--stop-at-eof"])
        .args(&role.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Ctrl-C is for the demo, which stops its children in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().expect("piped");
    tokio::spawn(pass_on(stdout, lines.to_stdout, lines.file(&role.name)?));
    let tether = child.stdin.take();
    Ok(Tethered {
        child,
        _tether: tether,
    })
}

async fn pass_on(stdout: ChildStdout, to_stdout: bool, mut file: Option<File>) {
    let mut lines = BufReader::new(stdout).split(b'\n');
    while let Ok(Some(mut line)) = lines.next_segment().await {
        line.push(b'\n');
        // A reader that went away is no reason to stop the service; one that stalls holds up this
        // task alone, and the service then drops lines and counts them.
        if to_stdout {
            let mut stdout = tokio::io::stdout();
            let _ = stdout.write_all(&line).await;
            let _ = stdout.flush().await;
        }
        if let Some(file) = &mut file {
            let _ = file.write_all(&line);
        }
    }
}

async fn terminate(mut child: Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // Fails only when it has just ended.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    let _ = child.wait().await;
}
