//! What all HTTP services share, so that each crate contains only code of its own service.
//!
//! * [`main`]: command line, telemetry, listening, and a shutdown that flushes on every path.
//! * [`app`]: the fallbacks for unknown routes and methods, and the middleware around everything.
//! * [`About`]: the answer to `GET /`.
//! * [`Server`]: serves until the stop signal, with bounds on what clients can make it hold and on
//!   shutdown; it awaits [`Background`] tasks.
//! * [`Document`] and [`with_document`]: the OpenAPI document, built from the types of handlers.
//! * [`Query`] and [`Problem`]: bad input is reported with the same texts and shape everywhere.

mod about;
#[cfg(target_env = "musl")]
mod allocator;
mod background;
mod cli;
pub mod openapi;
mod problem;
mod query;
mod routes;
mod serve;

pub use about::About;
pub use background::Background;
pub use cli::{Program, main, main_from};
pub use openapi::{Document, with_document};
pub use problem::Problem;
pub use query::Query;
pub use routes::{app, get_only, with_fallbacks};
pub use serve::{Server, terminated};
