//! Causes and commands. Commands that start or show a container require Docker.

use signals::AskError;
use stages::{Component, Stage};
use url::Url;

use crate::cli::{Cli, Runner};
use crate::report::Finding;

/// The properties of the run that the commands depend on.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    runner: Runner,
    stage: Stage,
    /// The demo's flags for ports that differ from the stage's: empty, or each after a space.
    ports: String,
}

/// The default port of the trace store.
const TEMPO_PORT: u16 = 3200;

impl Kind {
    pub(crate) fn of(cli: &Cli) -> Self {
        Self {
            runner: cli.runner,
            stage: cli.stage,
            ports: ports(cli),
        }
    }

    /// The command that starts everything.
    pub(crate) fn start(&self) -> String {
        let (stage, ports) = (self.stage, &self.ports);
        match (self.runner, stage) {
            (Runner::Docker, _) => stage.compose_up(),
            (Runner::Demo, Stage::DEFAULT) if ports.is_empty() => "cargo run --release".to_owned(),
            (Runner::Demo, _) => format!("cargo run --release -- --stage {stage}{ports}"),
        }
    }

    /// The cause if a part did not answer as expected.
    pub(crate) fn no_answer(&self, service: &str, error: &AskError) -> Finding {
        let cause = match error {
            AskError::Unreachable { .. } => format!("{service} is not running"),
            AskError::Slow { .. } => format!("{service} does not respond or is overloaded"),
            AskError::Unreadable { .. } => {
                format!("another program is listening on the port of {service}")
            }
            _ => format!("{service} is starting or failing"),
        };
        Finding {
            saw: error.to_string(),
            cause,
            command: self.look_at(service),
        }
    }

    /// The command that shows the state of `service`.
    pub(crate) fn look_at(&self, service: &str) -> String {
        match self.runner {
            // Without -a, a container that has ended is not shown.
            Runner::Docker => {
                format!("docker compose ps -a {service}; docker compose logs --tail 30 {service}")
            }
            // A second demo would find its ports in use.
            Runner::Demo => self.again(" --logs"),
        }
    }

    /// How to restart the running demo with an additional flag.
    fn again(&self, flag: &str) -> String {
        let (stage, ports) = (self.stage, &self.ports);
        format!(
            "press Ctrl-C where the demo runs, then: cargo run --release -- --stage {stage}{ports}{flag}"
        )
    }

    /// The command that restarts `service`, which makes it read its configuration again.
    pub(crate) fn restart(&self, service: &str) -> String {
        match self.runner {
            Runner::Docker => {
                format!("docker compose restart {service}; docker compose logs --tail 30 {service}")
            }
            Runner::Demo => self.again(""),
        }
    }
}

/// The demo's flags for the ports of `cli` that differ from those of the stage.
fn ports(cli: &Cli) -> String {
    let components = Component::ALL.into_iter();
    let services = components.filter_map(|component| {
        let flag = format!("--{}-port", component.name());
        Some((flag, cli.given(component)?, cli.stage.port(component)?))
    });
    let tempo = ("--tempo-port".to_owned(), &cli.tempo_url, TEMPO_PORT);
    let changed = services.chain([tempo]).filter_map(|(flag, url, default)| {
        let port = local_port(url).filter(|port| *port != default)?;
        Some(format!(" {flag} {port}"))
    });
    changed.collect()
}

/// The port of a URL if it can be one of the demo's: on this machine, and without a path.
fn local_port(url: &Url) -> Option<u16> {
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    url.port_or_known_default()
        .filter(|_| is_local && url.path() == "/")
}
