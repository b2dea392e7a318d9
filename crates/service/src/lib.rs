//! What every HTTP service here does alike, so that each one's own code is only its own.
//!
//! * [`main`]: command line, telemetry, listening, and a shutdown that flushes on every path.
//! * [`app`]: the answers to what no route takes, and the middleware around everything.
//! * [`serve()`]: serving until told to stop, with a bound on the drain.
//! * [`with_document`]: the OpenAPI document.
//! * [`Query`] and [`Problem`]: bad input named in the same words and shape everywhere.

mod cli;
mod openapi;
mod problem;
mod query;
mod serve;

pub use cli::{Program, ignore_if_empty, main, main_from};
pub use openapi::with_document;
pub use problem::Problem;
pub use query::Query;
pub use serve::{app, serve, terminated, with_fallbacks};
