//! The `slo` binary: writes the files of rules, or checks that they are up to date.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::{Parser, Subcommand};

/// Compiles the objectives and alerts to rules of Prometheus
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Folder of the compiled rules
    #[arg(
        long,
        global = true,
        env = "RULES_DIR",
        value_name = "FOLDER",
        default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../stack/prometheus/rules")
    )]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Write the file of each clock
    Write,
    /// Exit with code 1 if a file is missing or out of date
    Check,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let files = match slo::compile() {
        Ok(files) => files,
        Err(refused) => {
            eprintln!("slo: {refused}");
            return ExitCode::FAILURE;
        }
    };
    let result = match cli.command {
        Command::Write => write(&cli.dir, &files).map(|()| true),
        Command::Check => check(&cli.dir, &files),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("slo: {}: {error}", cli.dir.display());
            ExitCode::FAILURE
        }
    }
}

fn write(dir: &Path, files: &[(String, String)]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (file, text) in files {
        fs::write(dir.join(file), text)?;
    }
    Ok(())
}

/// Whether every file is up to date; prints the names of those that are not.
fn check(dir: &Path, files: &[(String, String)]) -> io::Result<bool> {
    let mut current = true;
    for (file, text) in files {
        let path = dir.join(file);
        let written = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        if written != *text {
            eprintln!(
                "slo: {} is out of date: run `cargo xtask slo`",
                path.display()
            );
            current = false;
        }
    }
    Ok(current)
}
