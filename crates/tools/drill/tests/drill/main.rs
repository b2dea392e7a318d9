//! The command, with a file of flags of its own and no system behind it.

mod answers;
mod dialogue;
mod ended;
mod revealed;

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::SystemTime;

use faults::{Fault, Flags};
use serde_json::Value;
use tempfile::TempDir;
use testkit::eventually;
use tokio::process::{Child, Command};

/// A place for a file of flags.
struct Place {
    _folder: TempDir,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            file: folder.path().join("flags.json"),
            _folder: folder,
        }
    }

    /// What is in the file.
    fn flags(&self) -> Flags {
        Flags::read(&self.file).expect("a file of flags")
    }

    /// A drill with that file. No trace store answers it.
    fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drill"));
        command
            .env_clear()
            .arg("--faults-file")
            .arg(&self.file)
            .arg("--tempo-url=http://127.0.0.1:1")
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, flags: &[&str]) -> Output {
        self.command(flags).output().await.expect("it runs")
    }

    /// A drill in a dialogue, once its fault is on.
    async fn begun(&self, fault: Fault) -> Child {
        let name = format!("--fault={fault}");
        let mut command = self.command(&[&name, "--delay=0s"]);
        let child = command.stdin(Stdio::piped()).spawn().expect("it starts");
        eventually("the fault", || async {
            let flags = Flags::read(&self.file).ok()?;
            flags.strength(fault)
        })
        .await;
        child
    }
}

/// Whether nothing is on and nothing is hidden.
fn is_over(flags: &Flags) -> bool {
    flags.clone().in_force(SystemTime::now()) == Flags::default()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
