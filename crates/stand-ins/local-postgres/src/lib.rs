//! A throwaway PostgreSQL server: in a temporary directory, on a free port of 127.0.0.1, and
//! deleted with all its data when dropped. For running without Docker, and for tests.
//!
//! It needs PostgreSQL's programs, for example from Debian's package `postgresql`, and no set-up.
//! Only this machine can reach it, so it needs no password.

mod error;
mod programs;
mod server;

pub use error::Error;
pub use server::{LocalPostgres, remove, unused_directory};
