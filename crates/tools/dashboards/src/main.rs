//! The `dashboards` binary: writes the compiled dashboards, or checks that they are up to date.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    let result = match cli.command {
        Command::Write => write(&cli.dir).map(|()| true),
        Command::Check => check(&cli.dir),
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

fn write(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (file, json) in dashboards::compile() {
        fs::write(dir.join(file), json)?;
    }
    Ok(())
}

/// Whether every file is up to date; prints the names of those that are not.
fn check(dir: &Path) -> io::Result<bool> {
    let mut current = true;
    for (file, json) in dashboards::compile() {
        let path = dir.join(file);
        let written = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        if written != json {
            eprintln!(
                "dashboards: {} is out of date: run `cargo xtask dashboards`",
                path.display()
            );
            current = false;
        }
    }
    Ok(current)
}
