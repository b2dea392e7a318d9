//! The program as a child process.

use std::process::{Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::process::{Child, Command};

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// The report.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// Runs the program to its end.
pub(crate) async fn traffic_gen(arguments: &[&str]) -> Finished {
    traffic_gen_in(&[], arguments).await
}

/// Like [`traffic_gen`], with additional environment variables.
pub(crate) async fn traffic_gen_in(variables: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let mut command = command(arguments);
    let output = command.envs(variables.iter().copied()).output().await;
    output.expect("the program can be started").into()
}

/// Starts the program; it is killed when dropped.
pub(crate) fn start(arguments: &[&str]) -> Child {
    command(arguments)
        .spawn()
        .expect("the program can be started")
}

/// Sends Ctrl-C and waits for the end.
pub(crate) async fn interrupt(child: Child) -> Finished {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let pid = Pid::from_raw(pid.expect("still running"));
    kill(pid, Signal::SIGINT).expect("our own child can be signalled");
    let output = child.wait_with_output().await;
    output.expect("our own child can be waited for").into()
}

/// Builds a command that ignores this process's environment.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_traffic-gen"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
