//! A drill: switches a fault on without naming it, lets the learner look for it, scores the answer,
//! and shows the evidence.
//!
//! * `cli`: the flags, and `system`: the running system that they describe.
//! * `draw`: which fault it is, and when it begins, from a seed.
//! * `lease`: the fault is on as long as the drill lives, and a moment longer if it is killed.
//! * `session`: the dialogue, and `answer` and `score`: what an answer is worth.
//! * `evidence`: the queries, traces and log lines that show the fault, and `links` to them.
//! * `timeline`: the fault as a region on dashboards, once it is revealed.
//! * `report`: what is printed at the end, for people and as JSON.

mod answer;
mod cli;
mod clock;
mod draw;
mod evidence;
mod hints;
mod lease;
mod links;
mod list;
mod report;
mod score;
mod session;
mod system;
mod timeline;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use faults::Fault;
use stages::Stage;

use crate::cli::{Cli, Variables};
use crate::system::System;

/// The whole `main`, with given arguments, the first being the program's name.
///
/// Exit code 0 when the drill was answered, 1 when it could not be held, 2 for wrong arguments, 130
/// when it was interrupted.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run(arguments, Variables::All, None)
}

/// A running demo.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Its stage.
    pub stage: Stage,
    /// The port of its page, or of dice-roller in stage 1.
    pub port: u16,
    /// The file of flags that its services watch.
    pub file: PathBuf,
    /// Faults that it does not have although its stage does, each with the reason.
    pub lacks: Vec<(Fault, String)>,
}

/// [`main_from`] for a running demo. Only flags configure the rest; variables like `PROMETHEUS_URL`
/// describe another system.
pub fn of_the_demo(arguments: impl IntoIterator<Item = OsString>, demo: Demo) -> ExitCode {
    run(arguments, Variables::OfTheDemo, Some(demo))
}

fn run(
    arguments: impl IntoIterator<Item = OsString>,
    variables: Variables,
    demo: Option<Demo>,
) -> ExitCode {
    let cli = match Cli::parse_with(arguments, variables) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let system = System::new(&cli, demo);
    if cli.list {
        print!("{}", list::text(&system, cli.json));
        return ExitCode::SUCCESS;
    }
    match session::hold(&cli, &system) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("drill: {problem}");
            ExitCode::FAILURE
        }
    }
}
