//! The no-Docker run: `cargo run --release` starts the whole system and prints where to look.
//!
//! The services are this very program, started again with a hidden subcommand: separate processes
//! with their own metrics, logs and spans, from one build.
//!
//! * [`cli`]: the flags.
//! * [`plan`]: the stage of this run, with what the flags change of it.
//! * [`system`]: starting it all, and [`running`]: stopping it.
//! * [`topology`]: what runs, and where; [`ports`]: whether there is room for it.
//! * [`child`]: one supervised process, [`lines`] and [`words`]: where what it writes goes,
//!   [`bounded_lines`]: how it is read, and [`missing`]: what did not get there.
//! * [`environment`]: the variables that it gets.
//! * [`postgres`]: the databases of the stages that have some.
//! * [`role`]: what this program does when it is started as one of the services.
//! * [`introduction`]: what is said when it runs, and [`summary`]: the live line, on the [`terminal`].

mod bounded_lines;
mod child;
mod cli;
mod environment;
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
mod words;

use std::process::ExitCode;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::from_process() {
        Ok(cli) => cli,
        Err(error) => {
            // To standard output and 0 for --help, to standard error and 2 otherwise.
            let _ = error.print();
            if let Some(variable) = Cli::variable_in(&error) {
                eprintln!(
                    "\nThe value is that of the variable {variable}: unset it, or give the flag."
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
