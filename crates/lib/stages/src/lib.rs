//! The six stages. `stack/stages/N.env` defines a stage: which services run, on which ports, and
//! what the simulated users request. Docker Compose reads these files, and this crate embeds them
//! for the tools that run, examine or draw a stage without Docker. The exercises of each stage
//! ([`Task`]) are also here; README.md and docs/stages.md repeat them, checked by a test.
//!
//! Services, telemetry and stand-ins do not depend on this crate: a stage is a topology of programs
//! that have no notion of stages.
//!
//! ```
//! use stages::{Component, Stage};
//!
//! assert_eq!(Stage::DEFAULT, Stage::Four);
//! assert_eq!(Stage::Four.port(Component::Frontend), Some(8108));
//! assert!(!Stage::Four.runs(Component::Postgres));
//! ```

mod component;
mod stage;
mod task;

pub use component::Component;
pub use stage::{NoSuchStage, PROBER_PORT, Stage};
pub use task::Task;
