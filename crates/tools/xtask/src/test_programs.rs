//! Runs every test program of the workspace, several at a time.
//!
//! `cargo test` runs one after the other, and most of these wait most of the time: for scrapes, for
//! rolls that take a second, for a browser. Concurrently they take half as long.
//!
//! A crate names its slow tests in its Cargo.toml, by the name of the file or folder in `tests/`;
//! they start first:
//!
//! ```toml
//! [package.metadata.xtask]
//! slow-tests = ["live"]
//! ```

mod panics;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Instant;

use serde::Deserialize;

use tooling::command::{CARGO, root};
use tooling::skip;

/// The number of concurrent programs. More would slow down the slowest one on two cores.
const AT_ONCE: usize = 3;

/// The output of `cargo metadata`.
#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    metadata: Option<Metadata>,
}

/// `[package.metadata]`, which may also contain tables of other tools.
#[derive(Default, Deserialize)]
struct Metadata {
    xtask: Option<OfXtask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OfXtask {
    slow_tests: Vec<String>,
}

/// A message of cargo about a built artifact.
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

impl Package {
    fn slow_tests(&self) -> &[String] {
        let xtask = self.metadata.as_ref().and_then(|it| it.xtask.as_ref());
        xtask.map_or(&[], |xtask| &xtask.slow_tests)
    }
}

/// A test program, as cargo would run it.
struct Program {
    /// The package's folder and the target, for display.
    name: String,
    /// The name of the file or folder in `tests/`, or of the crate.
    target: String,
    executable: PathBuf,
    package: PathBuf,
    is_slow: bool,
}

/// Builds and runs all of them, continuing after failures.
///
/// # Errors
/// Names the failed ones; their output is printed.
pub(crate) fn run() -> Result<(), String> {
    let mut programs = build()?;
    mark_slow(&mut programs, &workspace()?)?;
    // Programs are taken from the end.
    programs.sort_by_key(|program| program.is_slow);
    let (waiting, failed) = (Mutex::new(programs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(program) = pop(&waiting) {
                    if let Err(causes) = program.run() {
                        lock(&failed).push((program.name, causes));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() {
        return Ok(());
    }
    // Repeated here: on CI, the output of the program may be far above, or cut.
    for (name, causes) in &failed {
        causes.iter().for_each(|cause| println!("{name}: {cause}"));
    }
    let names: Vec<_> = failed.into_iter().map(|(name, _)| name).collect();
    Err(format!("tests failed: {}", names.join(", ")))
}

/// The test programs; compiler errors are shown.
fn build() -> Result<Vec<Program>, String> {
    let arguments = ["test", "--workspace", "--no-run", "--quiet"];
    let mut command = Command::new(CARGO);
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
    // Messages of other kinds have other fields.
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    let tests = artifacts.filter(|artifact| artifact.profile.test);
    Ok(tests.filter_map(Program::new).collect())
}

/// The contents of the manifests.
fn workspace() -> Result<Workspace, String> {
    let mut command = Command::new(CARGO);
    command.args(["metadata", "--no-deps", "--format-version=1"]);
    let output = command.current_dir(root()).stderr(Stdio::inherit());
    let output = output.output().map_err(|error| format!("cargo: {error}"))?;
    let workspace = serde_json::from_slice(&output.stdout);
    workspace.map_err(|error| format!("cargo metadata: {error}"))
}

/// Marks the programs that the manifests list as slow.
///
/// # Errors
/// Names a slow test that does not exist.
fn mark_slow(programs: &mut [Program], workspace: &Workspace) -> Result<(), String> {
    for package in &workspace.packages {
        let folder = package.manifest_path.parent();
        for name in package.slow_tests() {
            let is_it = |it: &&mut Program| it.target == *name && Some(&*it.package) == folder;
            let program = programs.iter_mut().find(is_it);
            let unknown = || format!("{}: its slow test {name} does not exist", package.name);
            program.ok_or_else(unknown)?.is_slow = true;
        }
    }
    Ok(())
}

impl Program {
    fn new(artifact: Artifact) -> Option<Self> {
        let package = artifact.manifest_path.parent()?.to_owned();
        Some(Self {
            name: format!("{}/{}", name(&package), artifact.target.name),
            executable: artifact.executable?,
            target: artifact.target.name,
            package,
            is_slow: false,
        })
    }

    /// Runs it. On failure its output is printed, otherwise only its skipped tests.
    ///
    /// # Errors
    /// Its panics, each with its message.
    fn run(&self) -> Result<(), Vec<String>> {
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
                return Err(vec![error.to_string()]);
            }
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let seconds = start.elapsed().as_secs_f64();
        if output.status.success() {
            println!("good: {} after {seconds:.1} s", self.name);
            skip::lines_of(&text).for_each(|line| println!("  {line}"));
            return Ok(());
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        let (name, status) = (&self.name, output.status);
        println!("{text}{errors}\nFAILED: {name} after {seconds:.1} s: {status}");
        Err(panics::find(&format!("{text}\n{errors}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All programs that the manifests list as slow, as if just built.
    fn programs(workspace: &Workspace) -> Vec<Program> {
        let mut programs = Vec::new();
        for package in &workspace.packages {
            let folder = package.manifest_path.parent().expect("a folder");
            for name in package.slow_tests() {
                programs.push(Program {
                    name: name.clone(),
                    target: name.clone(),
                    executable: PathBuf::new(),
                    package: folder.to_owned(),
                    is_slow: false,
                });
            }
        }
        programs
    }

    #[test]
    fn the_manifests_name_slow_tests_that_exist() {
        let workspace = workspace().expect("cargo reads the manifests");
        let mut programs = programs(&workspace);
        mark_slow(&mut programs, &workspace).expect("each exists");
        assert!(programs.len() >= 4, "live, browser, system, modes");
        for program in programs {
            assert!(program.is_slow, "{}", program.name);
            let tests = program.package.join("tests");
            let file = tests.join(&program.name).with_extension("rs");
            let folder = tests.join(&program.name).join("main.rs");
            assert!(file.exists() || folder.exists(), "{}", program.name);
        }
    }

    #[test]
    fn a_slow_test_that_does_not_exist_is_an_error_that_names_it() {
        let workspace = workspace().expect("cargo reads the manifests");
        let mut programs = programs(&workspace);
        programs.retain(|program| program.name != "live");
        let error = mark_slow(&mut programs, &workspace).expect_err("live does not exist");
        assert_eq!(error, "dashboards: its slow test live does not exist");
    }
}
