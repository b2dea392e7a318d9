//! Everything that is scraped, and who keeps it busy.

use std::path::PathBuf;
use std::process::Stdio;

use testkit::Process;
use tokio::process::{Child, Command};

/// The processes; killed when dropped.
pub(crate) struct System {
    pub(crate) die_service: Option<Process>,
    pub(crate) dice_roller: Process,
    pub(crate) frontend: Process,
    pub(crate) backend: Process,
    /// With the port that each has in the stack.
    pub(crate) workers: Vec<(u16, Process)>,
}

/// The workers' ports and types.
const WORKERS: [(u16, &str); 6] = [
    (5003, "backtest"),
    (5004, "backtest"),
    (5005, "training"),
    (5006, "training"),
    (5007, "backtest"),
    (5008, "training"),
];

impl System {
    pub(crate) async fn start() -> Self {
        let die_service = start(&["die-service"]).await;
        let dice = die_service.url("");
        let dice_roller = start(&["dice-roller", "--die-service-url", &dice]).await;
        let roller = dice_roller.url("");
        let flags = [
            "frontend",
            "--dice-roller-url",
            &roller,
            "--die-service-url",
            &dice,
        ];
        let frontend = start(&flags).await;
        let backend = start(&["ktrdr", "backend"]).await;
        let url = backend.url("");
        let mut workers = Vec::new();
        for (port, kind) in WORKERS {
            // Many failures, or a minute might see none.
            let flags = [
                "--type",
                kind,
                "--backend-url",
                &url,
                "--failure-share",
                "0.3",
            ];
            workers.push((
                port,
                start(&[&["ktrdr", "worker"], &flags[..]].concat()).await,
            ));
        }
        Self {
            die_service: Some(die_service),
            dice_roller,
            frontend,
            backend,
            workers,
        }
    }

    /// Starts users of the page and of KTRDR; they go on until dropped.
    pub(crate) fn drive(&self) -> [Child; 2] {
        let page = self.frontend.url("");
        let users = [
            "traffic-gen",
            "users",
            "--frontend-url",
            &page,
            "--max-rolls",
            "0",
        ];
        let quiet = ["--seed", "6", "--quiet", "--otel-disabled"];
        [
            in_background(&[&users[..], &quiet].concat()),
            self.drive_ktrdr("20"),
        ]
    }

    /// Starts that many operations a minute.
    fn drive_ktrdr(&self, pace: &str) -> Child {
        let url = self.backend.url("");
        let drive = [
            "ktrdr",
            "drive",
            "--backend-url",
            &url,
            "--pace",
            pace,
            "--seed",
            "6",
        ];
        in_background(&drive)
    }

    /// Kills die-service and all workers, and asks for more operations than may wait.
    pub(crate) fn break_some(&mut self) -> Child {
        self.die_service = None;
        self.workers.clear();
        self.drive_ktrdr("300")
    }

    /// Where a target of the stack is here: `dice-roller-stage4:8000`, `ktrdr-worker-1:5003`.
    pub(crate) fn address(&self, target: &str) -> Option<&str> {
        let (host, port) = target.split_once(':')?;
        let process = match host
            .split_once("-stage")
            .map_or(host, |(service, _)| service)
        {
            "die-service" => self.die_service.as_ref()?,
            "dice-roller" => &self.dice_roller,
            "frontend" => &self.frontend,
            "ktrdr-backend" => &self.backend,
            _ => {
                let workers = self.workers.iter();
                &workers.clone().find(|(own, _)| own.to_string() == port)?.1
            }
        };
        Some(&process.address)
    }
}

async fn start(arguments: &[&str]) -> Process {
    let flags = ["--listen", "127.0.0.1:0", "--otel-disabled"];
    Process::start(program(), &[&["be"], arguments, &flags].concat()).await
}

fn in_background(arguments: &[&str]) -> Child {
    Command::new(program())
        .arg("be")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("this program starts again")
}

fn program() -> PathBuf {
    std::env::current_exe().expect("this program has a path")
}
