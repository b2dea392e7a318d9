//! The second system: a fleet of workers to observe. One program, three roles.
//!
//! * [`backend`] accepts operations, assigns them to workers, and records their outcomes;
//! * [`worker`] runs backtests or trainings, one at a time, in its own process;
//! * [`drive`] sends requests to the backend at a moderate pace.
//!
//! The API of the backend:
//!
//! | request | answer |
//! |---|---|
//! | `POST /api/v1/backtests/start` with [`jobs::backtest::Parameters`] | 202 with `operation_id`; 422, 503 |
//! | `POST /api/v1/trainings/start` with [`jobs::training::Parameters`] | 202 with `operation_id`; 422, 503 |
//! | `GET /api/v1/operations/{id}` | status, progress, result or error; 404 |
//! | `GET /api/v1/operations?operation_type=&status=&limit=` | the newest first |
//! | `POST /api/v1/operations/{id}/cancel` | the operation; 404, 409 if it has ended |
//! | `GET /api/v1/data/{symbol}?days=&seed=` | daily closes; 404, 422 |
//! | `GET /api/v1/workers` | the workers and their operations |
//!
//! `protocol.rs` defines the messages between backend and workers. One operation is one trace:
//!
//! ```text
//! POST /api/v1/backtests/start       ktrdr-backend  SERVER
//! └─ operation.register              ktrdr-backend  INTERNAL  instant
//!    └─ operation.dispatch           ktrdr-backend  INTERNAL  one for each attempt
//!       └─ POST                      ktrdr-backend  CLIENT
//!          └─ POST /api/v1/runs      ktrdr-worker   SERVER
//!             └─ operation.run       ktrdr-worker   INTERNAL  covers the work
//!                └─ operation.report ktrdr-worker   INTERNAL
//!                   └─ POST          ktrdr-worker   CLIENT
//!                      └─ POST /api/v1/operations/{id}/report   ktrdr-backend  SERVER
//! ```
//!
//! A failed attempt adds an `operation.requeue` and another `operation.dispatch`.

pub mod backend;
mod cli;
pub mod drive;
mod flags;
mod http;
pub mod jobs;
pub mod protocol;
mod schema;
pub mod worker;

pub use cli::main_from;
