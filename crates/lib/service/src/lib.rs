//! What every HTTP service here does alike, so that each one's own code is only its own.
//!
//! * [`main`]: command line, telemetry, listening, and a shutdown that flushes on every path.
//! * [`app`]: the answers to what no route takes, and the middleware around everything.
//! * [`About`]: what `GET /` answers.
//! * [`Server`]: serving until told to stop, with a bound on everything that a client can make it
//!   keep, and on the drain; [`Background`] is work that it awaits.
//! * [`Document`] and [`with_document`]: the OpenAPI document, made from the types of handlers.
//! * [`Query`] and [`Problem`]: bad input named in the same words and shape everywhere.

mod about;
mod background;
mod cli;
pub mod openapi;
mod problem;
mod query;
mod routes;
mod serve;

pub use about::About;
pub use background::Background;
pub use cli::{Program, ignore_if_empty, main, main_from};
pub use openapi::{Document, with_document};
pub use problem::Problem;
pub use query::Query;
pub use routes::{app, get_only, with_fallbacks};
pub use serve::{Server, terminated};
