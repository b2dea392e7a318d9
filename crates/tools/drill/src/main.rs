//! The `drill` binary; in compose it is `docker compose run --rm drill`.

use std::process::ExitCode;

fn main() -> ExitCode {
    drill::main_from(std::env::args_os())
}
