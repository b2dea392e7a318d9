//! The no-Docker run: `cargo run --release` starts the whole system and prints where to look.
//!
//! The services are this very program, started again with a hidden subcommand: separate processes
//! with their own metrics, logs and spans, from one build.
//!
//! * [`cli`]: the flags.
//! * [`plan`]: the stage of this run, as changed by flags.
//! * [`system`]: starting everything, and [`running`]: stopping it.
//! * [`topology`]: the processes and their ports; [`ports`]: whether these are free.
//! * [`child`]: one supervised process, [`lines`] and [`held_output`]: the destinations of its
//!   output,
//!   [`bounded_lines`]: reading it, and [`missing`]: counting lost lines.
//! * [`environment`]: the environment of a process.
//! * [`drills`]: `demo drill`.
//! * [`flags`]: the file that switches faults, and how `demo faults` finds it.
//! * [`postgres`]: the databases of stages 5 and 6.
//! * [`role`]: running this program as one of the services.
//! * [`introduction`]: the text printed once everything runs, and [`summary`]: the live line, on
//!   the
//!   [`terminal`].

mod bounded_lines;
mod child;
mod cli;
mod drills;
mod environment;
mod flags;
mod held_output;
mod introduction;
mod lines;
mod local;
mod missing;
mod plan;
mod ports;
mod postgres;
mod role;
mod running;
mod summary;
mod system;
mod terminal;
mod topology;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::from_process() {
        Ok(cli) => cli,
        Err(error) => {
            // --help goes to standard output with exit code 0, errors to standard error with 2.
            let _ = error.print();
            if let Some(variable) = Cli::variable_in(&error) {
                eprintln!(
                    "\nThe value comes from the variable {variable}: unset it, or give the flag."
                );
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli.command {
        Some(Command::Service {
            stop_at_eof,
            arguments,
        }) => return role::main(arguments, stop_at_eof),
        Some(Command::Doctor { arguments }) => return role::doctor(arguments),
        Some(Command::Drill { port, arguments }) => return drills::main(port, arguments),
        Some(Command::Faults { port, command }) => return flags::main(port, &command),
        None => {}
    }
    match system::run(&cli.options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            terminal::say(&format!("demo: {problem}"));
            ExitCode::FAILURE
        }
    }
}
