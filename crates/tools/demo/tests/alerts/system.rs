//! A system whose faults can be switched, and where its targets are.

use std::process::Stdio;

use faults::Fault;
use signals::Reader;
use signals::tempo::Tempo;
use testkit::{eventually, free_port};
use tokio::process::{Child, Command};

use crate::fleet::Fleet;
use crate::observer::ANSWER_TIMEOUT;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// The running system; it stops when dropped.
pub(crate) enum System {
    /// Stage 6, started and switched as a user does.
    Demo(Box<Demo>),
    /// KTRDR.
    Fleet(Fleet),
}

/// Stage 6.
pub(crate) struct Demo {
    frontend: u16,
    tempo: u16,
    /// The names of targets in the stack, and their local ports.
    targets: Vec<(&'static str, u16)>,
    _processes: Vec<Child>,
}

/// A port that stays free until a program opens it.
pub(crate) fn port() -> u16 {
    free_port().expect("a free port")
}

impl System {
    /// The local address of a target of the stack, `die-service-stage6:8000`.
    pub(crate) fn address(&self, target: &str) -> Option<String> {
        let name = target.split(':').next()?;
        let targets = match self {
            Self::Demo(demo) => &demo.targets,
            Self::Fleet(fleet) => &fleet.targets,
        };
        let found = targets.iter().find(|(known, _)| *known == name);
        found.map(|(_, port)| format!("127.0.0.1:{port}"))
    }

    /// The stand-in for Tempo, if the system has one.
    pub(crate) fn tempo(&self) -> Option<Tempo> {
        let Self::Demo(demo) = self else {
            return None;
        };
        let url = format!("http://127.0.0.1:{}", demo.tempo);
        let reader = Reader::new(url.parse().expect("a URL"), ANSWER_TIMEOUT);
        Some(Tempo::new(reader))
    }

    /// A query that has a result once the objectives of this system have events.
    pub(crate) fn is_ready(&self) -> &'static str {
        match self {
            Self::Demo(_) => r#"count(slo:bad_events:ratio{window="2m"} >= 0) >= 3"#,
            Self::Fleet(_) => r#"slo:bad_events:ratio{window="2m",slo="ktrdr-operations"} >= 0"#,
        }
    }

    /// Switches `fault` on.
    pub(crate) async fn on(&self, fault: Fault, strength: Option<f64>) {
        let spec = fault.spec();
        match self {
            Self::Demo(demo) => {
                let strength = strength.map(|strength| format!("--strength={strength}"));
                let mut arguments = vec!["on", spec.name];
                arguments.extend(strength.as_deref());
                demo.faults(&arguments).await;
            }
            Self::Fleet(fleet) => {
                let strength = strength.unwrap_or(spec.strength.default);
                fleet.flags.set(&[(fault, strength)]);
            }
        }
    }

    /// Switches every fault off.
    pub(crate) async fn off(&self) {
        match self {
            Self::Demo(demo) => demo.faults(&["off"]).await,
            Self::Fleet(fleet) => fleet.flags.set(&[]),
        }
    }
}

impl Demo {
    /// Starts it and waits until the page answers. With `fast_prober`, dice are rolled faster than
    /// in the stack, so that a loaded one is found within the test.
    pub(crate) async fn start(fast_prober: bool) -> Self {
        let flags = [
            ("--die-service-port", "die-service-stage6"),
            ("--dice-roller-port", "dice-roller-stage6"),
            ("--frontend-port", "frontend-stage6"),
            ("--usage-sink-port", "usage-sink-stage6"),
            ("--prober-port", "prober-stage6"),
            ("--otlp-port", "no target"),
            ("--tempo-port", "no target"),
        ];
        let flags = flags.map(|(flag, target)| (flag, target, port()));
        let frontend = flags[2].2;
        let tempo = flags[6].2;
        let demo = Command::new(PROGRAM)
            .args(["--stage=6", "--roll-delay=600ms"])
            .args(flags.map(|(flag, _, port)| format!("{flag}={port}")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the demo starts");
        let page = format!("http://127.0.0.1:{frontend}/healthz");
        eventually("the page", || async { testkit::fetch(&page).await.ok() }).await;
        let mut targets: Vec<_> = flags.map(|(_, target, port)| (target, port)).into();
        let mut processes = vec![demo];
        if fast_prober {
            let prober = port();
            targets.retain(|(target, _)| *target != "prober-stage6");
            targets.push(("prober-stage6", prober));
            processes.push(start_prober(prober, frontend));
        }
        Self {
            frontend,
            tempo,
            targets,
            _processes: processes,
        }
    }

    async fn faults(&self, arguments: &[&str]) {
        let port = format!("--port={}", self.frontend);
        let mut command = Command::new(PROGRAM);
        command.args(["faults", &port]).args(arguments);
        let output = command.output().await.expect("it starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
}

fn start_prober(port: u16, frontend: u16) -> Child {
    Command::new(PROGRAM)
        .args(["service", "prober", "--otel-disabled"])
        .arg(format!("--listen=127.0.0.1:{port}"))
        .arg(format!("--probe-url=http://127.0.0.1:{frontend}"))
        .args(["--rolls-per-minute=3000", "--min-interval=300ms"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the prober starts")
}
