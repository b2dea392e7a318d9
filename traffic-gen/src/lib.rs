//! Traffic for the dice system, and what it tells about the system.
//!
//! [`main_from`] is the command line, and the only door: `demo` and the tests start it as their own
//! child process. Each mode is a module with an `Options` (its flags), a
//! `run(options, console, shutdown)` and a `Report`.
//!
//! | mode | question |
//! |---|---|
//! | `users` | what do the dashboards show when people use the page? |
//! | `compare` | how much faster is a batch than rolls in sequence? |
//! | `load` | how many requests a second, at what latency? |
//! | `direct` | what does die-service alone answer? |
//! | `database` | what do queries at a steady rate take? |
//! | `resilience` | what breaks when something is broken, and for how long? |
//! | `reconcile` | was every roll counted, traced and logged? |

mod batches;
mod cli;
mod compare;
mod console;
mod cookies;
mod error;
mod flags;
mod latency;
mod load;
mod look_next;
mod output;
mod pace;
mod queries;
mod random;
mod reach;
mod reconcile;
mod request;
mod resilience;
mod stop;
mod table;
mod users;

pub use cli::{main_from, main_until};
