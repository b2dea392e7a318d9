//! The `slo` binary: writes the files of rules, or checks that they are up to date.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use slo::burn::Refused;
use tooling::generated;

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

    /// File of the rules as a PrometheusRule
    #[arg(
        long,
        global = true,
        env = "RULES_MANIFEST",
        value_name = "FILE",
        default_value = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../deploy/kubernetes/components/alerts/rules.yaml"
        )
    )]
    manifest: PathBuf,
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
    let files = match files(&cli) {
        Ok(files) => files,
        Err(refused) => {
            eprintln!("slo: {refused}");
            return ExitCode::FAILURE;
        }
    };
    let result = match cli.command {
        Command::Write => generated::write(files).map(|()| true),
        Command::Check => generated::check("slo", files),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("slo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Every file by its path, with its text.
fn files(cli: &Cli) -> Result<Vec<(PathBuf, String)>, Refused> {
    let rules = slo::compile()?.into_iter();
    let rules = rules.map(|(name, text)| (cli.dir.join(name), text));
    let manifest = (cli.manifest.clone(), slo::manifest()?);
    Ok(rules.chain([manifest]).collect())
}
