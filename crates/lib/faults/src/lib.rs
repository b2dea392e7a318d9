//! The faults that the system can have on purpose, each declared once in a table ([`Fault`],
//! [`Spec`]), and the file that switches them ([`Flags`]).
//!
//! In a service, [`watch()`] reads the file whenever it changes, and the code that has a fault asks
//! [`strength`], [`is_on`] or [`strikes`]; what a fault does without a request is given to
//! [`while_on`]. [`cli`] is the command that switches faults.
//!
//! The file has the schema of flagd, so that flagd or an OpenFeature provider can read it. A fault is
//! on if its flag is enabled and its default variant is not 0. An absent file means that every fault
//! is off.
//!
//! ```
//! use faults::{Fault, Flags};
//!
//! let mut flags = Flags::default();
//! flags.switch_on(Fault::SlowDieService, Some(0.5))?;
//! assert_eq!(flags.strength(Fault::SlowDieService), Some(0.5));
//! assert_eq!(Flags::parse(&flags.to_json())?, flags);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cli;
mod fault;
mod flags;
mod format;
mod spec;
mod switch;
mod table;
mod watch;

pub use fault::{Fault, UnknownFault};
pub use flags::{Flags, FlagsError};
pub use spec::{Alert, Kind, Signal, Source, Spec, Strength, WrongStrength};
pub use switch::{is_on, strength, strikes};
pub use watch::{Pace, TICK, reload_failures, watch, watched_file, while_on};
