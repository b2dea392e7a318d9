//! The command line: the role; each role parses its own arguments.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser};
use telemetry::without_secrets;

use crate::{backend, drive, worker};

/// The KTRDR system: a backend, its workers, and a driver that keeps them busy
#[derive(Debug, Parser)]
#[command(name = "ktrdr", version)]
enum Role {
    /// Accept operations and assign them to workers
    #[command(disable_help_flag = true)]
    Backend(RoleArguments),
    /// Run backtests or trainings, one at a time
    #[command(disable_help_flag = true)]
    Worker(RoleArguments),
    /// Start operations at a moderate random pace
    #[command(disable_help_flag = true)]
    Drive(RoleArguments),
}

#[derive(Debug, Args)]
struct RoleArguments {
    /// Arguments of the role; see its --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl RoleArguments {
    /// The arguments, preceded by the program name.
    fn of(self, program: &str) -> impl Iterator<Item = OsString> {
        std::iter::once(program.into()).chain(self.arguments)
    }
}

/// The whole `main` for the given arguments, of which the first is the program's name. Runs until
/// the future from `shutdown` is ready; `shutdown` is called inside the async runtime.
pub fn main_from<S>(
    arguments: impl IntoIterator<Item = OsString>,
    shutdown: impl FnOnce() -> S,
) -> ExitCode
where
    S: Future<Output = ()> + Send + 'static,
{
    match Role::try_parse_from(arguments).map_err(without_secrets) {
        Ok(Role::Backend(role)) => service::main_from(
            backend::PROGRAM,
            role.of("ktrdr backend"),
            |config, listener, losses| backend::run(config, listener, losses, shutdown()),
        ),
        Ok(Role::Worker(role)) => service::main_from(
            worker::PROGRAM,
            role.of("ktrdr worker"),
            |config, listener, losses| worker::run(config, listener, losses, shutdown()),
        ),
        Ok(Role::Drive(role)) => drive::main_from(role.of("ktrdr drive"), shutdown),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
