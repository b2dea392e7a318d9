//! Runs Node scripts with npm packages by Grafana. Tests skip if `node` or `npm` is missing, and
//! fail if `CI` is set.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use testkit::skip_without;

/// The output of the script in a folder of `tests` for `input`; none if it cannot run.
///
/// # Panics
/// If the script fails.
pub(crate) fn run(folder: &str, script: &str, input: &Value) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    match install(&folder).and_then(|()| start(&folder, script, input)) {
        Ok(answer) => Some(answer),
        Err(error) => {
            skip_without(format_args!("node and npm: {}: {error}", folder.display()));
            None
        }
    }
}

/// Installs the packages beside the script unless they exist. One process at a time.
fn install(folder: &Path) -> io::Result<()> {
    let lock = File::open(folder.join("package-lock.json"))?;
    lock.lock()?;
    if folder.join("node_modules/.package-lock.json").exists() {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--loglevel=error",
        ])
        .current_dir(folder)
        .output()?;
    match npm.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&npm.stderr))),
    }
}

fn start(folder: &Path, script: &str, input: &Value) -> io::Result<Value> {
    let mut node = Command::new("node")
        .arg(script)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = node.stdin.take().expect("it is piped");
    stdin.write_all(input.to_string().as_bytes())?;
    drop(stdin);
    let output = node.wait_with_output()?;
    assert!(
        output.status.success(),
        "{script} failed: {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}
