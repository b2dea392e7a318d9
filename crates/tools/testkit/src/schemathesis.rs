//! [schemathesis](https://schemathesis.readthedocs.io): sends valid and invalid requests generated
//! from a service's OpenAPI document, and compares the answers with it. It requires Python; tests
//! skip without it, unless `CI` is set.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::skip_without;

/// The package to install.
const REQUIREMENTS: &str = include_str!("../schemathesis/requirements.txt");

/// The exceptions for all services.
const CONFIGURATION: &str = include_str!("../schemathesis/schemathesis.toml");

/// A fixed seed, so that failures are reproducible.
const SEED: &str = "20";

/// Number of requests per operation, in addition to those at the bounds of the schemas.
const EXAMPLES: &str = "30";

/// Runs all checks of schemathesis on the service at `base`. `configuration` is the text of a
/// `schemathesis.toml` with the exceptions in the service's contract, and their reasons.
///
/// # Panics
/// When a check fails, with schemathesis' report; and when it cannot be installed and the variable
/// CI is set.
pub async fn schemathesis(base: &str, configuration: &str) {
    let (base, configuration) = (base.to_owned(), configuration.to_owned());
    let run = tokio::task::spawn_blocking(move || {
        let environment = environment()?;
        run(&environment, &base, &configuration)
    });
    match run.await.expect("no panic") {
        Ok(output) => assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => skip_without(format_args!(
            "schemathesis, which needs python3 with venv and pip: {error}"
        )),
    }
}

/// A virtual environment with schemathesis, created on first use, by one process at a time.
fn environment() -> io::Result<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../target");
    fs::create_dir_all(&target)?;
    let lock = File::create(target.join("schemathesis.lock"))?;
    lock.lock()?;
    let environment = target.join("schemathesis");
    // Written last, so that an incomplete environment is created again.
    let installed = environment.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|list| list == REQUIREMENTS) {
        return Ok(environment);
    }
    let venv = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&environment)
        .output()?;
    successful(&venv)?;
    let list = environment.join("requirements.txt");
    fs::write(&list, REQUIREMENTS)?;
    let pip = Command::new(environment.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&list)
        .output()?;
    successful(&pip)?;
    fs::rename(list, installed)?;
    Ok(environment)
}

fn successful(output: &Output) -> io::Result<()> {
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )),
    }
}

fn run(environment: &Path, base: &str, configuration: &str) -> io::Result<Output> {
    // It writes its files into a temporary folder.
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("schemathesis.toml");
    fs::write(&file, format!("{configuration}\n{CONFIGURATION}"))?;
    Command::new(environment.join("bin/schemathesis"))
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(&file)
        .args(["run", "--checks=all", "--phases=examples,coverage,fuzzing"])
        .args(["--seed", SEED, "--max-examples", EXAMPLES])
        .args(["--generation-database=none", "--continue-on-failure"])
        .args(["--no-color", "--output-truncate=false"])
        .arg(format!("{base}/openapi.json"))
        .env("NO_PROXY", "*")
        .output()
}
