//! Causes and commands. Those that start or show a container make sense with Docker only.

use crate::ask::Silence;
use crate::cli::{Cli, Part};
use crate::report::Trouble;

/// What the run is made of, as far as commands go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    runner: Runner,
    /// 1 to 6.
    stage: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    /// `docker compose up`
    Docker,
    /// `cargo run --release`
    Demo,
}

/// The one that runs when none is asked for.
const DEFAULT_STAGE: u8 = 4;

impl Kind {
    pub(crate) fn of(cli: &Cli) -> Self {
        let parts = [Part::Alloy, Part::Prometheus, Part::Loki, Part::Grafana];
        let docker = parts.iter().any(|part| cli.has(*part));
        Self {
            runner: if docker { Runner::Docker } else { Runner::Demo },
            stage: cli.stage,
        }
    }

    /// The command that starts everything.
    pub(crate) fn start(self) -> String {
        let stage = self.stage;
        match (self.runner, stage) {
            (Runner::Docker, DEFAULT_STAGE) => "docker compose up --wait".to_owned(),
            (Runner::Docker, _) => {
                format!(
                    "docker compose --env-file stack/stages/{stage}.env up -d --wait --remove-orphans"
                )
            }
            (Runner::Demo, DEFAULT_STAGE) => "cargo run --release".to_owned(),
            (Runner::Demo, _) => format!("cargo run --release -- --stage {stage}"),
        }
    }

    /// A part did not answer as it should.
    pub(crate) fn silent(self, service: &str, silence: &Silence) -> Trouble {
        let cause = match silence {
            Silence::Unreachable { slow: false, .. } => format!("{service} is not running"),
            Silence::Unreachable { slow: true, .. } => format!("{service} hangs or is overloaded"),
            Silence::Status { .. } => format!("{service} is starting or in trouble"),
            Silence::Unreadable { .. } => format!("another program has the port of {service}"),
        };
        Trouble {
            saw: silence.to_string(),
            cause,
            command: self.look_at(service),
        }
    }

    /// The command that shows why `service` is as it is.
    pub(crate) fn look_at(self, service: &str) -> String {
        match self.runner {
            Runner::Docker => {
                format!("docker compose ps {service}; docker compose logs --tail 30 {service}")
            }
            Runner::Demo => format!("cargo run --release -- --stage {} --logs", self.stage),
        }
    }

    /// The command that starts `service` anew, which makes it read its configuration again.
    pub(crate) fn restart(self, service: &str) -> String {
        match self.runner {
            Runner::Docker => {
                format!("docker compose restart {service}; docker compose logs --tail 30 {service}")
            }
            Runner::Demo => self.start(),
        }
    }
}
