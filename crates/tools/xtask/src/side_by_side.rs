//! Every test program of the workspace, several at a time.
//!
//! `cargo test` runs one after the other, and most of ours wait most of the time: for scrapes, for
//! rolls that take a second, for a browser. Side by side they take half as long.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use serde::Deserialize;

use crate::command::root;

/// Programs that run at the same time. More of them make the slowest one slower on two cores.
const AT_ONCE: usize = 3;

/// Those that take longest; they start first.
const LONGEST: [&str; 4] = ["live", "browser", "modes", "system"];

/// What cargo says of a thing that it has built.
#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: Target,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// A test program, as cargo would run it.
struct Program {
    name: String,
    executable: PathBuf,
    package: PathBuf,
}

/// Builds and runs all of them, and goes on after one that fails.
///
/// # Errors
/// Names those that failed; what they wrote is printed.
pub(crate) fn run() -> Result<(), String> {
    let mut programs = build()?;
    // Taken from the end.
    programs.sort_by_key(|program| LONGEST.contains(&program.target()));
    let (waiting, failed) = (Mutex::new(programs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(program) = pop(&waiting) {
                    if !program.passes() {
                        lock(&failed).push(program.name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("tests failed: {}", failed.join(", ")))
}

/// The test programs, with the errors of the compiler shown.
fn build() -> Result<Vec<Program>, String> {
    let arguments = ["test", "--workspace", "--no-run", "--quiet"];
    let mut command = Command::new(env!("CARGO"));
    command
        .args(arguments)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root())
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo {}: {}", arguments.join(" "), output.status));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    // Other messages have other fields.
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    let tests = artifacts.filter(|artifact| artifact.profile.test);
    Ok(tests.filter_map(Program::new).collect())
}

impl Program {
    fn new(artifact: Artifact) -> Option<Self> {
        let package = artifact.manifest_path.parent()?.to_owned();
        Some(Self {
            name: format!("{}/{}", name(&package), artifact.target.name),
            executable: artifact.executable?,
            package,
        })
    }

    /// The name of the file or folder in `tests/`, or of the crate.
    fn target(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Runs it. What it wrote is printed when it fails, and else only what it skipped.
    fn passes(&self) -> bool {
        let start = Instant::now();
        let mut command = Command::new(&self.executable);
        command
            .arg("--show-output")
            .current_dir(&self.package)
            .stdin(Stdio::null());
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => {
                println!("FAILED: {}: {error}", self.name);
                return false;
            }
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let seconds = start.elapsed().as_secs_f64();
        if output.status.success() {
            println!("good: {} after {seconds:.1} s", self.name);
            let skipped = text.lines().filter(|line| line.starts_with("skipped: "));
            skipped.for_each(|line| println!("  {line}"));
            return true;
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        let (name, status) = (&self.name, output.status);
        println!("{text}{errors}\nFAILED: {name} after {seconds:.1} s: {status}");
        false
    }
}

fn name(package: &Path) -> String {
    let name = package.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn pop(programs: &Mutex<Vec<Program>>) -> Option<Program> {
    lock(programs).pop()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
