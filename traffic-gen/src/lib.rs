//! Traffic for the dice system, and what it tells about the system.
//!
//! Each mode is a module with an `Options` (its flags), a `run(options, console, shutdown)` and a
//! `Report`, so that other programs and tests can use it; [`main_from`] is the command line.
//!
//! | mode | question |
//! |---|---|
//! | [`users`] | what do the dashboards show when people use the page? |
//! | [`compare`] | how much faster is a batch than rolls in sequence? |
//! | [`load`] | how many requests a second, at what latency? |
//! | [`queries::direct`] | what does die-service alone answer? |
//! | [`queries::database`] | what do queries at a steady rate take? |
//! | [`resilience`] | what breaks when something is broken, and for how long? |
//! | [`reconcile`] | was every roll counted, traced and logged? |

mod cli;
pub mod compare;
mod console;
mod error;
mod latency;
pub mod load;
mod output;
mod pace;
pub mod queries;
mod random;
mod reach;
pub mod reconcile;
mod request;
pub mod resilience;
mod stop;
mod table;
pub mod users;

pub use cli::{main_from, main_until};
pub use console::Console;
pub use error::Error;
pub use latency::Latency;
pub use random::{DiceMix, NotADiceMix, Seed};
