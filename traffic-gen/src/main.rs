//! The `traffic-gen` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    traffic_gen::main_from(std::env::args_os())
}
