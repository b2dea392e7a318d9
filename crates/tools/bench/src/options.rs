//! The command line.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Parser, Subcommand, ValueEnum};

use crate::builds::Build;
use crate::programs::Programs;
use crate::{cost, gate, instructions};

/// What is measured, and what loads it.
const SERVICES_AND_LOAD: [&str; 4] = ["die-service", "dice-roller", "frontend", "traffic-gen"];

/// Measure what metrics, logs and traces cost
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// What to measure, with commas; default: everything
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    only: Vec<Part>,

    /// Number of interleaved rounds over all variants; medians count
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,

    /// Seconds of load for each variant and round, or for each rate of per-roll
    #[arg(long, global = true, default_value_t = 4)]
    pub(crate) seconds: u64,

    /// Requests a second for CPU times
    #[arg(long, default_value_t = 5_000)]
    rate: u32,

    /// Seconds of steady load for counting spans
    #[arg(long, default_value_t = 20)]
    pub(crate) steady_seconds: u64,

    /// Folder with die-service, dice-roller, frontend and traffic-gen; default: they are built
    #[arg(long, global = true, value_name = "FOLDER")]
    programs: Option<PathBuf>,

    /// Another build's die-service as further rows of the table, such as before=/tmp/before/die-service
    #[arg(long = "other", value_name = "NAME=PROGRAM")]
    pub(crate) others: Vec<Other>,

    /// Output file for the numbers
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "target/bench.json"
    )]
    pub(crate) json: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count instructions a request of the image's die-service, and fail if the last release needed fewer
    Gate(gate::Options),
    /// Count instructions a request of any program that answers GET /dice?identifier=fair
    Count(instructions::Options),
    /// Measure what one roll costs each service: CPU, spans, lines, samples
    PerRoll,
    /// Measure the memory of a roll in flight in each of the image's services
    InFlight,
}

/// A part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Instructions a request of each variant
    Instructions,
    /// CPU time, memory and lost spans of each variant under load
    Cpu,
    /// Memory at rest, and time to ready
    Footprint,
    /// Batches of 20 rolls
    Batches,
    /// Lost spans under steady load
    Losses,
    /// The load generator beside wrk
    Clients,
}

impl Options {
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The measured programs, and what loads them.
    ///
    /// # Errors
    /// If the build fails.
    pub(crate) fn programs(&self) -> Result<Programs, String> {
        let built = || Build::Host.programs(&SERVICES_AND_LOAD);
        self.programs.clone().map_or_else(built, Ok).map(Programs)
    }

    /// [`programs`](Self::programs) as in the image.
    ///
    /// # Errors
    /// If the build fails, or this machine cannot build for the image.
    pub(crate) fn image_programs(&self) -> Result<Programs, String> {
        let built = || {
            Build::Image.check()?;
            Build::Image.programs(&SERVICES_AND_LOAD)
        };
        self.programs.clone().map_or_else(built, Ok).map(Programs)
    }

    pub(crate) fn load(&self) -> cost::Load {
        cost::Load {
            rounds: self.rounds,
            seconds: self.seconds,
            rate: self.rate,
        }
    }
}

/// A program with the name of its rows.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
}

impl FromStr for Other {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, program) = text.split_once('=').ok_or("expected NAME=PROGRAM")?;
        let program = Path::new(program);
        if !program.is_file() {
            return Err(format!("no program at {}", program.display()));
        }
        Ok(Self {
            name: name.to_owned(),
            program: program.to_owned(),
        })
    }
}
