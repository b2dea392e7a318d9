//! The rows of the table: programs that answer the same request, with more and more telemetry.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use testkit::Process;

use crate::sink::Sink;

/// How much telemetry a program does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Telemetry {
    Nothing,
    /// Metrics and log lines.
    Logs,
    /// Also spans of this share of traces.
    Traces(f64),
}

impl Telemetry {
    /// What is measured of every program with telemetry.
    pub(crate) const ALL: [Self; 3] = [Self::Logs, Self::Traces(0.1), Self::Traces(1.0)];
}

impl fmt::Display for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no telemetry"),
            Self::Logs => f.write_str("logs"),
            Self::Traces(share) => write!(f, "traces {} %", share * 100.0),
        }
    }
}

/// A program with its telemetry.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    /// The name of the program in the table.
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) telemetry: Telemetry,
}

impl Serialize for Variant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.telemetry {
            Telemetry::Nothing => f.write_str(&self.name),
            telemetry => write!(f, "{}, {telemetry}", self.name),
        }
    }
}

impl Variant {
    /// The baseline: axum without telemetry.
    pub(crate) fn bare(peers: &Path) -> Self {
        Self {
            name: "bare axum".to_owned(),
            program: peers.join("bare"),
            telemetry: Telemetry::Nothing,
        }
    }

    /// A program with telemetry, once for each of [`Telemetry::ALL`].
    pub(crate) fn of(name: &str, program: &Path) -> Vec<Self> {
        let variant = |telemetry| Self {
            name: name.to_owned(),
            program: program.to_owned(),
            telemetry,
        };
        Telemetry::ALL.map(variant).to_vec()
    }

    /// The program and its flags.
    pub(crate) fn command(&self, sink: &Sink) -> Vec<String> {
        let program = self.program.display().to_string();
        let flags = match self.telemetry {
            Telemetry::Nothing => Vec::new(),
            Telemetry::Logs => vec!["--otel-disabled".to_owned()],
            Telemetry::Traces(share) => {
                vec![sink.flag(), format!("--traces-sampler-arg={share}")]
            }
        };
        let listen = "--listen=127.0.0.1:0".to_owned();
        [vec![program, listen], flags].concat()
    }

    pub(crate) async fn start(&self, sink: &Sink) -> Process {
        let command = self.command(sink);
        let flags: Vec<&str> = command[1..].iter().map(String::as_str).collect();
        Process::start_unheard(&self.program, &flags).await
    }
}
