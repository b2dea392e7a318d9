//! The `ktrdr` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ktrdr::main_from(std::env::args_os(), service::terminated)
}
