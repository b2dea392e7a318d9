//! Compiles and runs the Go program `upstream`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use tooling::command::{is_there, output, root};

use crate::{Unavailable, workshop};

const PROGRAM: &str = "crates/tools/stack-check/upstream";

/// A small module that every Go proxy has.
const ANY_MODULE: &str = "golang.org/x/sys@latest";

static COMPILED: OnceLock<Result<PathBuf, Unavailable>> = OnceLock::new();

/// The output of the program with these arguments.
///
/// # Errors
/// When the program cannot be compiled here, or fails.
pub fn upstream(arguments: &[&str]) -> Result<String, Unavailable> {
    let program = COMPILED.get_or_init(compile).clone()?;
    Ok(output(Command::new(program).args(arguments))?)
}

fn compile() -> Result<PathBuf, Unavailable> {
    if !is_there("go") {
        let why = "go is not installed; see https://go.dev/doc/install";
        return Err(Unavailable::Missing(why.to_owned()));
    }
    // Any command in the module's folder requires the Go version in go.mod.
    if let Err(problem) = go(&["version"]) {
        let why = format!("go cannot install the toolchain of go.mod: {problem}");
        return Err(Unavailable::Missing(why));
    }
    if let Err(problem) = go(&["mod", "download"]) {
        if proxy_answers() {
            return Err(problem.into());
        }
        let why = format!("no module proxy answers: {problem}");
        return Err(Unavailable::Missing(why));
    }
    let program = workshop()?.join("upstream");
    go(&["build", "-o", &program.to_string_lossy(), "."])?;
    Ok(program)
}

fn go(arguments: &[&str]) -> Result<String, String> {
    output(
        Command::new("go")
            .args(arguments)
            .current_dir(root().join(PROGRAM)),
    )
}

/// Whether modules can be downloaded: a query for the newest version is never answered from the
/// cache. It runs outside the module, whose go.mod may be the problem.
fn proxy_answers() -> bool {
    let mut ask = Command::new("go");
    ask.args(["list", "-m", ANY_MODULE]);
    ask.env("GOTOOLCHAIN", "local")
        .current_dir(std::env::temp_dir());
    output(&mut ask).is_ok()
}
