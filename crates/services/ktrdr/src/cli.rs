//! The command line: which role, and the rest for the role itself.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser};
use telemetry::without_secrets;

use crate::{backend, drive, worker};

/// The KTRDR system: a backend, its workers, and a driver that keeps them busy
#[derive(Debug, Parser)]
#[command(name = "ktrdr", version)]
enum Role {
    /// Take operations in and give them to workers
    #[command(disable_help_flag = true)]
    Backend(Rest),
    /// Do backtests or trainings, one at a time
    #[command(disable_help_flag = true)]
    Worker(Rest),
    /// Start operations at a gentle random pace
    #[command(disable_help_flag = true)]
    Drive(Rest),
}

#[derive(Debug, Args)]
struct Rest {
    /// See --help of the role
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Rest {
    /// The arguments of a program of that name.
    fn of(self, program: &str) -> impl Iterator<Item = OsString> {
        std::iter::once(program.into()).chain(self.arguments)
    }
}

/// The whole `main`, with given arguments, the first being the program's name. Runs until
/// `shutdown`, which is called within the async runtime, is ready.
pub fn main_from<S>(
    arguments: impl IntoIterator<Item = OsString>,
    shutdown: impl FnOnce() -> S,
) -> ExitCode
where
    S: Future<Output = ()> + Send + 'static,
{
    match Role::try_parse_from(arguments).map_err(without_secrets) {
        Ok(Role::Backend(rest)) => service::main_from(
            backend::PROGRAM,
            rest.of("ktrdr backend"),
            |config, listener| backend::run(config, listener, shutdown()),
        ),
        Ok(Role::Worker(rest)) => service::main_from(
            worker::PROGRAM,
            rest.of("ktrdr worker"),
            |config, listener| worker::run(config, listener, shutdown()),
        ),
        Ok(Role::Drive(rest)) => drive::main_from(rest.of("ktrdr drive"), shutdown),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
