//! The services of one stage: its topology and its traffic.

use std::sync::Arc;

use stages::{Component, Stage};
use testkit::Process;
use tokio::process::Child;

use crate::alloy::Alloy;
use crate::postgres::Postgres;
use crate::role::{in_background, start};

/// A stage's processes; killed when dropped.
pub(crate) struct RunningStage {
    pub(crate) stage: Stage,
    pub(crate) postgres: Option<Postgres>,
    pub(crate) die_service: Option<Process>,
    dice_roller: Process,
    frontend: Option<Arc<Process>>,
    usage_sink: Option<Process>,
    prober: Process,
    _alloy: Option<Alloy>,
}

impl RunningStage {
    /// `tempo` receives the spans of stage 4.
    pub(crate) async fn start(stage: Stage, tempo: &str) -> Self {
        let postgres = match stage.runs(Component::Postgres) {
            true => Some(Postgres::start().await),
            false => None,
        };
        let database = |role, name| postgres.as_ref().map(|server| server.url(role, name));
        // Nobody listens on the discard port: stage 1 loses its spans, and its panels say so.
        let collector = match stage {
            Stage::One => Some("http://127.0.0.1:9".to_owned()),
            Stage::Four => Some(tempo.to_owned()),
            _ => None,
        };
        let collector = ("--otlp-endpoint", collector);
        let dice = ("--database-url", database("die_service", "dice"));
        let dice = [dice, collector.clone()];
        let die_service = start_if(stage.runs(Component::DieService), "die-service", &dice).await;
        let dice = ("--die-service-url", die_service.as_ref().map(root));
        let dice_roller = [dice.clone(), collector.clone()];
        let dice_roller = start(&["dice-roller"], &dice_roller).await;
        let urls = [
            dice,
            ("--dice-roller-url", Some(root(&dice_roller))),
            collector,
        ];
        let frontend = start_if(stage.runs(Component::Frontend), "frontend", &urls).await;
        let frontend = frontend.map(Arc::new);
        let events = [("--database-url", database("usage_sink", "usage"))];
        let usage_sink = start_if(stage.runs(Component::UsageSink), "usage-sink", &events).await;
        let sink = usage_sink.as_ref().map(|process| process.url("/v1/logs"));
        let alloy = sink.zip(frontend.clone());
        let front_door = root(frontend.as_deref().unwrap_or(&dice_roller));
        let pace = [
            ("--probe-url", Some(front_door)),
            ("--max-batch", Some(stage.probe_max_batch().to_owned())),
            (
                "--min-interval",
                Some(stage.probe_min_interval().to_owned()),
            ),
        ];
        let prober = start(&["prober"], &pace).await;
        Self {
            stage,
            postgres,
            die_service,
            dice_roller,
            frontend,
            usage_sink,
            prober,
            _alloy: alloy.map(|(sink, frontend)| Alloy::start(&sink, frontend)),
        }
    }

    /// Starts users who roll dice until dropped.
    pub(crate) fn drive(&self) -> Child {
        let url = root(self.frontend.as_deref().unwrap_or(&self.dice_roller));
        let seed = self.stage.to_string();
        let mut users = vec!["traffic-gen", "users", "--frontend-url", &url];
        users.extend(["--users", "8", "--max-rolls", "0", "--seed", &seed]);
        users.extend(["--think-min", "50ms", "--think-max", "400ms"]);
        users.extend(["--async-probability", self.stage.async_probability()]);
        if self.stage.only_rolls() {
            users.push("--only-rolls");
        }
        users.extend(["--quiet", "--otel-disabled"]);
        in_background(&users)
    }

    /// The local address of a target of the stack, by name: `die-service-stage5`,
    /// `postgres-exporter`.
    pub(crate) fn address(&self, target: &str) -> Option<&str> {
        let name = target.split(':').next().unwrap_or_default();
        let service = name.strip_suffix(&format!("-stage{}", self.stage));
        let process = match service.unwrap_or(name) {
            "die-service" => self.die_service.as_ref(),
            "dice-roller" => Some(&self.dice_roller),
            "frontend" => self.frontend.as_deref(),
            "usage-sink" => self.usage_sink.as_ref(),
            "prober" => Some(&self.prober),
            "postgres-exporter" => return Some(&self.postgres.as_ref()?.address),
            _ => None,
        };
        Some(&process?.address)
    }
}

fn root(process: &Process) -> String {
    process.url("")
}

async fn start_if(there: bool, service: &str, flags: &[(&str, Option<String>)]) -> Option<Process> {
    match there {
        true => Some(start(&[service], flags).await),
        false => None,
    }
}
