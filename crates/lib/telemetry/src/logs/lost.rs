//! The counters of log lines, and of lost ones by reason.

use prometheus::{IntCounter, IntCounterVec, Opts};

/// The lines of one pipeline, and the lost ones.
#[derive(Debug, Clone)]
pub(crate) struct LostLines {
    /// All lines, lost ones included.
    pub(crate) made: IntCounter,
    /// Their bytes, lost ones included.
    pub(crate) bytes: IntCounter,
    pub(crate) total: IntCounterVec,
    /// Standard output is read too slowly.
    pub(super) queue_full: IntCounter,
    /// Standard output cannot be written.
    pub(super) write_failed: IntCounter,
}

impl LostLines {
    pub(crate) fn new() -> Self {
        let total = IntCounterVec::new(
            Opts::new(
                "telemetry_log_lines_dropped_total",
                "Lost log lines by reason: queue_full (standard output was read too slowly) or \
                 write_failed (it could not be written, for example on a full disk)",
            ),
            &["reason"],
        )
        .expect("the name and label are valid");
        let made = IntCounter::new(
            "telemetry_log_lines_total",
            "Log lines of this process; those of telemetry_log_lines_dropped_total are included",
        );
        let bytes = IntCounter::new(
            "telemetry_log_bytes_total",
            "Bytes of the lines of telemetry_log_lines_total, with their line breaks",
        );
        Self {
            made: made.expect("the name is valid"),
            bytes: bytes.expect("the name is valid"),
            queue_full: total.with_label_values(&["queue_full"]),
            write_failed: total.with_label_values(&["write_failed"]),
            total,
        }
    }
}
