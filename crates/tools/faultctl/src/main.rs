//! Switches the faults of a running system: `faultctl on NAME`, `faultctl off [NAME]`, `faultctl list`.
//! In compose it is `docker compose run --rm faults`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use faults::cli::{Command, System};

/// Switches the faults of a running system on and off
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// The file of flags that the services watch
    #[arg(long, env = "FAULTS_FILE", value_name = "FILE", global = true)]
    #[arg(default_value = "/faults/flags.json")]
    faults_file: PathBuf,

    /// The stage that runs, 1 to 6: a fault of a later stage is refused
    #[arg(long, env = "STAGE", value_name = "NUMBER", global = true)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=6))]
    stage: Option<u8>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let system = System {
        file: cli.faults_file,
        stage: cli.stage,
        start: "if stage {stage} runs, name it: \
            docker compose --env-file stack/stages/{stage}.env run --rm faults on ...",
        lacks: Vec::new(),
    };
    match cli.command.run(&system) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("faultctl: {error}");
            ExitCode::FAILURE
        }
    }
}
