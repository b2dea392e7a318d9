//! Rolls one die in a running system and follows that roll to every place where it must appear: the
//! counter, Prometheus, Tempo, Loki, an exemplar, Grafana. A broken hop is reported with what was
//! seen, the likeliest cause and the command to run.
//!
//! * `cli`: the URLs of all parts, and which parts this run has.
//! * `stage`: which services that are.
//! * `examination`: the hops in order, and what each needs from earlier ones.
//! * `hops`: one file for each hop.
//! * `ask`: retries; HTTP itself is in [`signals`].
//! * `advice`: causes and commands, with and without Docker.
//! * `report`: the table, and the same data as JSON.

mod advice;
mod ask;
mod cli;
mod examination;
mod hops;
mod report;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::{Cli, Variables};
use crate::examination::examine;

/// The whole `main`, with given arguments, the first being the program's name.
///
/// Exit code 0 when every hop works, 1 when one does not, 2 for wrong arguments.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(arguments, Variables::All)
}

/// [`main_from`] for the demo, whose parts are configured by flags: of the variables, only `STAGE`
/// and those that begin with `DOCTOR_` are read.
pub fn of_the_demo(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(arguments, Variables::OfTheDemo)
}

fn run(arguments: impl IntoIterator<Item = OsString>, variables: Variables) -> ExitCode {
    let cli = match Cli::parse_with(arguments, variables) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("doctor: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let json = cli.json;
    let report = runtime.block_on(examine(&cli));
    let text = if json { report.json() } else { report.table() };
    println!("{text}");
    if report.is_healthy() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
