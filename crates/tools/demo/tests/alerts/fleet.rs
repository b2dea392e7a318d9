//! KTRDR with small operations: the demo's own are too long for a debug build, whose queues are full
//! without a fault.

use std::process::Stdio;
use std::time::Duration;

use testkit::{FlagsFile, request_small_operations};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::system::{PROGRAM, port};

/// The workers' names in the stack, and their types.
const WORKERS: [(&str, &str); 4] = [
    ("ktrdr-worker-1", "backtest"),
    ("ktrdr-worker-2", "backtest"),
    ("ktrdr-worker-3", "training"),
    ("ktrdr-worker-4", "training"),
];

/// The pause between two operations of each type.
const PACE: Duration = Duration::from_secs(1);

/// The epochs of a training.
const EPOCHS: u32 = 50;

/// The running fleet; it stops when dropped.
pub(crate) struct Fleet {
    pub(crate) targets: Vec<(&'static str, u16)>,
    pub(crate) flags: FlagsFile,
    _processes: Vec<Child>,
    clients: JoinHandle<()>,
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.clients.abort();
    }
}

impl Fleet {
    /// Starts a backend, its workers and their clients.
    pub(crate) fn start() -> Self {
        let flags = FlagsFile::new();
        let backend = port();
        let url = format!("http://127.0.0.1:{backend}");
        let mut targets = vec![("ktrdr-backend", backend)];
        let mut processes = vec![ktrdr("backend", backend, &[])];
        for (name, kind) in WORKERS {
            let port = port();
            let own = [
                format!("--type={kind}"),
                format!("--backend-url={url}"),
                "--failure-share=0".to_owned(),
                "--max-duty=1".to_owned(),
                flags.flag(),
            ];
            targets.push((name, port));
            processes.push(ktrdr("worker", port, &own));
        }
        Self {
            targets,
            flags,
            _processes: processes,
            clients: tokio::spawn(request_small_operations(url, PACE, EPOCHS)),
        }
    }
}

fn ktrdr(role: &str, port: u16, own: &[String]) -> Child {
    Command::new(PROGRAM)
        .args(["service", "ktrdr", role, "--otel-disabled"])
        .arg(format!("--listen=127.0.0.1:{port}"))
        .args(own)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts")
}
