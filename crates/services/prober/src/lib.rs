//! Rolls every die through the front door at a gentle pace, and exports what it observes: whether the
//! system answers, how long it takes, and whether the dice are fair. It depends on nothing inside the
//! system: it sends the requests of a user and reads the answers of a user.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the service's description: `service`, `version`, `endpoints` |
//! | `GET /metrics` | `probe_success`, `probe_duration_seconds`, `probes_total`, `probe_die_fairness_p_value`, `probe_die_window_rolls`, `fault_active` |
//!
//! * [`fairness`]: the statistical test, without I/O.
//! * [`pace`]: how often a die is rolled, and in which batches.
//! * `probe`: one request and its outcome.
//! * `watch`: the probes of one die, forever; `schedule`: one watch for each known die.
//!
//! The root of a probe's trace is a span `probe`.

mod app;
mod config;
pub mod fairness;
mod known;
mod metrics;
pub mod pace;
mod probe;
mod schedule;
mod watch;

pub use app::{PROGRAM, run};
pub use config::Config;
