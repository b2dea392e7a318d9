//! A simulated system in one server, with injected faults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use crate::parts::parts;

/// The only trace, unless a roll brings another one.
pub(crate) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    DieServiceIll,
    RollFails,
    CounterStuck,
    NoTarget,
    OldSample,
    NoTrace,
    HalfATrace,
    LateSpans,
    LostSpan,
    SpansRejected,
    EarlierLosses,
    ResentSpans,
    LokiAway,
    TempoAway,
    NoQuery,
    EventLost,
    AlloyDown,
    PrometheusStarting,
    NoLines,
    NoWatchdog,
    AlertsFire,
    NoExemplar,
    StrangeExemplar,
    NoDashboard,
    ClosedGrafana,
}

pub(crate) struct Patient {
    base: String,
    stage: u8,
}

pub(crate) struct Body {
    faults: Vec<Fault>,
    pub(crate) stage: u8,
    rolls: AtomicU64,
    trace_reads: AtomicU64,
    alloy_looks: AtomicU64,
    trace_id: Mutex<String>,
}

impl Body {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub(crate) fn rolls(&self) -> u64 {
        self.rolls.load(Ordering::Relaxed)
    }

    pub(crate) fn roll(&self) {
        self.rolls.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the trace has been read.
    pub(crate) fn reads_a_trace(&self) -> u64 {
        self.trace_reads.fetch_add(1, Ordering::Relaxed)
    }

    /// How often Alloy's metrics have been read.
    pub(crate) fn looks_at_alloy(&self) -> u64 {
        self.alloy_looks.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn follow(&self, trace_id: &str) {
        trace_id.clone_into(
            &mut self
                .trace_id
                .lock()
                .expect("no thread panics while holding it"),
        );
    }

    pub(crate) fn trace_id(&self) -> String {
        self.trace_id
            .lock()
            .expect("no thread panics while holding it")
            .clone()
    }

    /// The services that a roll passes through.
    pub(crate) fn services(&self) -> &'static [&'static str] {
        let all = &["dice-roller", "frontend", "die-service"];
        &all[..usize::from(self.stage).min(all.len())]
    }
}

impl Patient {
    pub(crate) async fn with(faults: &[Fault]) -> Self {
        Self::at_stage(4, faults).await
    }

    pub(crate) async fn at_stage(stage: u8, faults: &[Fault]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let body = Arc::new(Body {
            faults: faults.to_vec(),
            stage,
            rolls: AtomicU64::new(7),
            trace_reads: AtomicU64::new(0),
            alloy_looks: AtomicU64::new(0),
            trace_id: Mutex::new(TRACE_ID.to_owned()),
        });
        let app = parts().with_state(body);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, stage }
    }

    /// A port on which no server listens.
    pub(crate) fn gone(stage: u8) -> Self {
        Self {
            base: "http://127.0.0.1:1".to_owned(),
            stage,
        }
    }

    /// The flags for the stage and the URL of every part.
    pub(crate) fn urls(&self) -> Vec<String> {
        let parts = [
            "frontend",
            "dice-roller",
            "die-service",
            "usage-sink",
            "alloy",
            "tempo",
            "prometheus",
            "alertmanager",
            "loki",
            "grafana",
        ];
        let urls = parts
            .iter()
            .map(|part| format!("--{part}-url={}/{part}", self.base));
        let stage = format!("--stage={}", self.stage);
        urls.chain([stage]).collect()
    }
}
