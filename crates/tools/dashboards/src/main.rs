//! The `dashboards` binary: writes the compiled dashboards, or checks that they are up to date.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tooling::generated;

/// Compiles the dashboards
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Folder of the compiled dashboards
    #[arg(
        long,
        global = true,
        env = "DASHBOARDS_DIR",
        value_name = "FOLDER",
        default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../dashboards")
    )]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Write every dashboard's JSON file
    Write,
    /// Exit with code 1 if a file is missing or out of date
    Check,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let files = dashboards::compile().into_iter();
    let files = files.map(|(file, json)| (cli.dir.join(file), json));
    let result = match cli.command {
        Command::Write => generated::write(files).map(|()| true),
        Command::Check => generated::check("dashboards", files),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("dashboards: {}: {error}", cli.dir.display());
            ExitCode::FAILURE
        }
    }
}
