//! Compose's and Alloy's own code, in the Go program beside this file.

use std::process::Command;

use super::{Verdict, workshop};
use crate::command::{is_there, output, root};

pub(super) fn check() -> Result<Verdict, String> {
    if !is_there("go") {
        return Ok(Verdict::Missing(
            "go is not here; https://go.dev/doc/install".to_owned(),
        ));
    }
    let program = workshop()?.join("upstream");
    let mut build = Command::new("go");
    build.args([
        "build",
        "-C",
        "crates/tools/xtask/src/check_stack/upstream",
        "-o",
    ]);
    if let Err(problem) = output(build.arg(&program).arg(".")) {
        // Without a way to its modules there is nothing to check with.
        let unreachable = [
            "dial tcp",
            "no such host",
            "Forbidden",
            "toolchain not available",
        ];
        if unreachable.iter().any(|sign| problem.contains(sign)) {
            return Ok(Verdict::Missing(format!(
                "go cannot get its modules: {problem}"
            )));
        }
        return Err(problem);
    }
    let said = output(Command::new(program).arg(root()))?;
    Ok(Verdict::Good(said.lines().collect::<Vec<_>>().join(", ")))
}
