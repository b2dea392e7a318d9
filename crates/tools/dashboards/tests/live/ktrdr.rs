//! The second system: its backend, its workers and its operations.

use std::time::Duration;

use futures_util::future::join_all;
use testkit::{Process, request_small_operations};
use tokio::process::Child;
use tokio::task::AbortHandle;

use crate::role::{in_background, start};

/// The workers' ports in the stack, and their types.
const WORKERS: [(u16, &str); 6] = [
    (5003, "backtest"),
    (5004, "backtest"),
    (5005, "training"),
    (5006, "training"),
    (5007, "backtest"),
    (5008, "training"),
];

/// Pause between two small operations of each type.
const PACE: Duration = Duration::from_millis(1500);

/// The epochs of a small training.
const EPOCHS: u32 = 100;

/// The processes; killed when dropped.
pub(crate) struct Ktrdr {
    backend: Process,
    /// The workers, with their ports in the stack.
    workers: Vec<(u16, Process)>,
}

/// Clients that request operations; they end when dropped.
pub(crate) struct Clients {
    _driver: Child,
    small: AbortHandle,
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.small.abort();
    }
}

impl Ktrdr {
    pub(crate) async fn start() -> Self {
        let backend = start(&["ktrdr", "backend"], &[]).await;
        let url = &backend.url("");
        let workers = WORKERS.map(|(port, kind)| async move {
            let flags = [
                ("--type", Some(kind.to_owned())),
                ("--backend-url", Some(url.clone())),
                // A high failure rate, so that every minute has some.
                ("--failure-share", Some("0.3".to_owned())),
                // A debug build is slow enough, and other tests need the CPU as well.
                ("--max-duty", Some("1".to_owned())),
            ];
            (port, start(&["ktrdr", "worker"], &flags).await)
        });
        let workers = join_all(workers).await;
        Self { backend, workers }
    }

    /// Starts the driver with this many operations a minute, and small operations beside it,
    /// because some of the driver's operations take longer than this test.
    pub(crate) fn drive(&self, pace: &str) -> Clients {
        let url = self.backend.url("");
        let drive = ["ktrdr", "drive", "--backend-url", &url];
        let small = tokio::spawn(request_small_operations(url.clone(), PACE, EPOCHS));
        Clients {
            _driver: in_background(&[&drive[..], &["--pace", pace, "--seed", "6"]].concat()),
            small: small.abort_handle(),
        }
    }

    pub(crate) fn kill_workers(&mut self) {
        self.workers.clear();
    }

    /// The local address of a target of the stack: `ktrdr-backend:8000`, `ktrdr-worker-1:5003`.
    pub(crate) fn address(&self, target: &str) -> Option<&str> {
        let (host, port) = target.split_once(':')?;
        let mut workers = self.workers.iter();
        let process = match host {
            "ktrdr-backend" => &self.backend,
            _ => &workers.find(|(own, _)| own.to_string() == port)?.1,
        };
        Some(&process.address)
    }
}
