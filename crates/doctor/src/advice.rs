//! Causes and commands. Those that start or show a container make sense with Docker only.

use crate::ask::Silence;
use crate::cli::{Cli, Part};
use crate::report::Trouble;

/// What the run is made of, as far as commands go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `docker compose up`
    Docker,
    /// `cargo run --release`
    Demo,
}

impl Kind {
    pub(crate) fn of(cli: &Cli) -> Self {
        let parts = [Part::Alloy, Part::Prometheus, Part::Loki, Part::Grafana];
        if parts.iter().any(|part| cli.has(*part)) {
            Self::Docker
        } else {
            Self::Demo
        }
    }

    /// The command that starts everything.
    pub(crate) fn start(self) -> String {
        match self {
            Self::Docker => "docker compose up --wait".to_owned(),
            Self::Demo => "cargo run --release".to_owned(),
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
        match self {
            Self::Docker => {
                format!("docker compose ps {service}; docker compose logs --tail 30 {service}")
            }
            Self::Demo => "cargo run --release -- --logs".to_owned(),
        }
    }

    /// The command that starts `service` anew, which makes it read its configuration again.
    pub(crate) fn restart(self, service: &str) -> String {
        match self {
            Self::Docker => {
                format!("docker compose restart {service}; docker compose logs --tail 30 {service}")
            }
            Self::Demo => self.start(),
        }
    }
}
