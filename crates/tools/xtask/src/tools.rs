//! The programs other than cargo that tests need. Debian packages cover CI and most systems; on
//! other systems, tests without their program skip and name it.

use std::process::Command;

use local_postgres::LocalPostgres;

use tooling::command::{is_there, run};

/// Debian does not put it on the PATH.
const POSTGRES: &str = "postgres";

/// Not a program: Debian packages Python's module for virtual environments separately.
const VENV: &str = "python3 -m venv";

/// A program and its Debian package.
struct Tool {
    program: &'static str,
    package: &'static str,
    needed_for: &'static str,
}

const TOOLS: [Tool; 10] = [
    Tool {
        program: POSTGRES,
        package: "postgresql",
        needed_for: "the tests of everything that has a database",
    },
    Tool {
        program: "prometheus-postgres-exporter",
        package: "prometheus-postgres-exporter",
        needed_for: "the live test of PostgreSQL's panels",
    },
    Tool {
        program: "prometheus",
        package: "prometheus",
        needed_for: "the live test of every panel",
    },
    Tool {
        program: "prometheus-alertmanager",
        package: "prometheus-alertmanager",
        needed_for: "the test that one cause pages once",
    },
    Tool {
        program: "node",
        package: "nodejs",
        needed_for: "the grammars of LogQL and TraceQL, and the browser tests",
    },
    Tool {
        program: "npm",
        package: "npm",
        needed_for: "the same",
    },
    Tool {
        program: "chromium",
        package: "chromium",
        needed_for: "the browser tests",
    },
    Tool {
        program: VENV,
        package: "python3-venv",
        needed_for: "schemathesis, which tests the services against their OpenAPI documents",
    },
    Tool {
        program: "valgrind",
        package: "valgrind",
        needed_for: "the test of the instructions that cargo xtask bench counts",
    },
    Tool {
        program: "pkill",
        package: "procps",
        needed_for: "the test of a command that the demo prints",
    },
];

impl Tool {
    fn is_there(&self) -> bool {
        match self.program {
            POSTGRES => LocalPostgres::is_there(),
            VENV => python_has("ensurepip"),
            program => is_there(program),
        }
    }
}

fn python_has(module: &str) -> bool {
    let mut python = Command::new("python3");
    let found = python.args(["-c", &format!("import {module}")]).output();
    found.is_ok_and(|output| output.status.success())
}

/// Installs missing programs, if possible.
///
/// # Errors
/// Only if `must` is set and a program is still missing.
pub(crate) fn install(must: bool) -> Result<(), String> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !tool.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let installed = apt_install(&packages);
    let still: Vec<&&Tool> = missing.iter().filter(|tool| !tool.is_there()).collect();
    for tool in &still {
        println!("not here: {}, for {}", tool.program, tool.needed_for);
    }
    match installed {
        _ if still.is_empty() => Ok(()),
        Err(problem) if must => Err(problem),
        Ok(()) if must => Err("some programs are still missing".to_owned()),
        _ => {
            println!(
                "their tests are skipped; to run them: apt-get install {}",
                packages.join(" ")
            );
            Ok(())
        }
    }
}

fn apt_install(packages: &[&str]) -> Result<(), String> {
    if !is_there("apt-get") {
        return Err("apt-get is not available".to_owned());
    }
    if !nix::unistd::geteuid().is_root() {
        return Err("only root can install packages".to_owned());
    }
    println!("installing {}", packages.join(" "));
    let quietly = ["-qq", "-o=Dpkg::Use-Pty=0"];
    run(Command::new("apt-get").arg("update").args(quietly))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    run(install
        .args(["install", "--yes", "--no-install-recommends"])
        .args(quietly)
        .args(packages))
}
