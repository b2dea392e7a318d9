//! A program of this workspace as a child process, with all its log lines.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::{DEADLINE, Metrics, eventually};

/// The resident memory of a process, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// The most so far.
    pub peak: u64,
}

/// A running program. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    reader: JoinHandle<()>,
    /// `host:port` of its "Listening" line.
    pub address: String,
}

impl Process {
    /// Starts `program` and waits until it logs its address.
    ///
    /// # Panics
    /// When it cannot be started or does not listen in time.
    pub async fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        Self::start_and(program, arguments, true).await
    }

    /// [`start`](Self::start), discarding all further lines: under a measured load, storing them
    /// would be part of the measurement.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub async fn start_unheard(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        Self::start_and(program, arguments, false).await
    }

    async fn start_and(program: impl AsRef<Path>, arguments: &[&str], keep: bool) -> Self {
        let mut child = Command::new(program.as_ref())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.as_ref().display()));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let mut text = BufReader::new(child.stdout.take().expect("piped")).lines();
        let address = timeout(DEADLINE, listening(&mut text, &lines)).await;
        let address = address.ok().flatten().unwrap_or_else(|| {
            panic!("{arguments:?} does not listen: {lines:?}");
        });
        let reader = tokio::spawn(follow(text, keep.then(|| Arc::clone(&lines))));
        Self {
            child,
            lines,
            reader,
            address,
        }
    }

    /// The URL of `path` on this program.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The lines logged so far, those that are not JSON as strings; more may follow.
    ///
    /// # Panics
    /// Never, unless the reading task panicked.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        self.lines.lock().expect("no panic while locked").clone()
    }

    /// The first line with that message, once it is logged: a service buffers lines for some
    /// milliseconds, and may answer before it writes them.
    ///
    /// # Panics
    /// When there is none after [`DEADLINE`].
    pub async fn line_with(&self, message: &str) -> Value {
        let what = format!("a line {message:?}");
        let lines = || async { self.lines_with(message).into_iter().next() };
        eventually(&what, lines).await
    }

    /// The lines with that message so far; more may follow.
    #[must_use]
    pub fn lines_with(&self, message: &str) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["message"] == message);
        lines
    }

    /// The current samples of `/metrics`.
    pub async fn metrics(&self) -> Metrics {
        Metrics::scrape(&self.url("/metrics")).await
    }

    /// The process id.
    ///
    /// # Panics
    /// When the process has ended.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("still running")
    }

    /// Its resident memory, in bytes, now and at its peak.
    ///
    /// The kernel counts pages on each processor and adds them up later, so that a peak can be some
    /// hundred KiB below one that was read before: subtract with `saturating_sub`.
    ///
    /// # Panics
    /// When the process has ended, or `/proc` is not Linux's.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let pid = i32::try_from(self.pid()).expect("Linux's pids fit");
        let status = procfs::process::Process::new(pid).and_then(|it| it.status());
        let status = status.expect("a running process");
        let bytes = |kib: Option<u64>| kib.expect("a process has memory") << 10;
        Memory {
            resident: bytes(status.vmrss),
            peak: bytes(status.vmhwm),
        }
    }

    /// Sends `signal`.
    ///
    /// # Panics
    /// When the process has ended.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("process ids are small");
        kill(Pid::from_raw(pid), signal).expect("our own child can be signalled");
    }

    /// Sends SIGTERM and waits for the end; returns the status and all lines.
    pub async fn terminate(self) -> (ExitStatus, Vec<Value>) {
        self.signal(Signal::SIGTERM);
        self.ended().await
    }

    /// Waits for the end; returns the status and all lines.
    ///
    /// # Panics
    /// When the process cannot be waited for.
    pub async fn ended(mut self) -> (ExitStatus, Vec<Value>) {
        let status = self
            .child
            .wait()
            .await
            .expect("our own child can be waited for");
        (&mut self.reader).await.expect("the reader does not panic");
        let lines = self.lines();
        (status, lines)
    }
}

type Text = Lines<BufReader<ChildStdout>>;

/// Reads up to the line with the address of the program; none if it ends first.
async fn listening(text: &mut Text, lines: &Mutex<Vec<Value>>) -> Option<String> {
    loop {
        let line = parse(text.next_line().await.ok()??);
        let address = line["address"].as_str().map(str::to_owned);
        let found = line["message"] == "Listening";
        lines.lock().expect("no panic while locked").push(line);
        if found {
            return address;
        }
    }
}

/// Reads to the end, and stores the lines in `lines` if given.
async fn follow(mut text: Text, lines: Option<Arc<Mutex<Vec<Value>>>>) {
    let Some(lines) = lines else {
        let _ = tokio::io::copy(&mut text.into_inner(), &mut tokio::io::sink()).await;
        return;
    };
    while let Ok(Some(line)) = text.next_line().await {
        lines
            .lock()
            .expect("no panic while locked")
            .push(parse(line));
    }
}

fn parse(line: String) -> Value {
    serde_json::from_str(&line).unwrap_or(Value::String(line))
}
