//! The `doctor` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    doctor::main_from(std::env::args_os())
}
