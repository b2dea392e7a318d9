//! The no-Docker run: `cargo run --release` starts the whole system and prints where to look.
//!
//! The services are this very program, started again with a hidden subcommand: separate processes
//! with their own metrics, logs and spans, from one build.
//!
//! * [`cli`]: the flags.
//! * [`system`]: starting and stopping it all.
//! * [`topology`]: what runs, and where.
//! * [`child`]: one supervised process.
//! * [`role`]: what this program does when it is started as one of the services.
//! * [`summary`]: the live line.

mod child;
mod cli;
mod local;
mod role;
mod summary;
mod system;
mod topology;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
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
            eprintln!("demo: {problem}");
            ExitCode::FAILURE
        }
    }
}
