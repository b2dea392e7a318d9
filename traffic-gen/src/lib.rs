//! Generates traffic for the dice system, measures it, and checks what the system recorded of it.
//!
//! [`main_from`] is the command line and the only entry point; `demo` and the tests start it in a
//! child process. Each mode is a module with `Options` (its flags), `run(options, console,
//! shutdown)` and a `Report`.
//!
//! | mode | question |
//! |---|---|
//! | `users` | what do the dashboards show when people use the page? |
//! | `compare` | how much faster is a batch than sequential rolls? |
//! | `load` | how many requests a second, at what latency? |
//! | `direct` | how does die-service behave on its own? |
//! | `database` | how long do queries take at a steady rate? |
//! | `resilience` | which requests fail during an outage, and for how long? |
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
