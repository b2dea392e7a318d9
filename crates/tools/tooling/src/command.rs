//! Runs other programs in the workspace's root and shows their output.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The cargo that compiled this.
pub const CARGO: &str = env!("CARGO");

/// The workspace's root.
///
/// # Panics
/// When this crate has been moved.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(3)
        .expect("crates/tools/tooling is three levels down")
        .to_owned()
}

/// Runs cargo.
///
/// # Errors
/// Names the failed command.
pub fn cargo(arguments: &[&str]) -> Result<(), String> {
    run(Command::new(CARGO).args(arguments))
}

/// Runs `command` in the root.
///
/// # Errors
/// Names the command if it fails or cannot be started.
pub fn run(command: &mut Command) -> Result<(), String> {
    let status = command.current_dir(root()).status();
    let words = words(command);
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{words}: {status}")),
        Err(error) => Err(format!("{words}: {error}")),
    }
}

/// Runs `command` in the root, unless it has a folder of its own, and returns its output.
///
/// # Errors
/// With its output if it fails, or its name if it cannot be started.
pub fn output(command: &mut Command) -> Result<String, String> {
    if command.get_current_dir().is_none() {
        command.current_dir(root());
    }
    let output = command.output();
    let words = words(command);
    let output = output.map_err(|error| format!("{words}: {error}"))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("{words}: {}\n{text}", output.status))
}

/// Whether `program` is on the PATH and can be started.
#[must_use]
pub fn is_there(program: &str) -> bool {
    let quiet = std::process::Stdio::null;
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdout(quiet())
        .stderr(quiet())
        .stdin(quiet());
    command.status().is_ok()
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    let words: Vec<_> = [program.to_string_lossy()]
        .into_iter()
        .chain(arguments)
        .collect();
    words.join(" ")
}
