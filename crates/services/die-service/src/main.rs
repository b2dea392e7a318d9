//! The `die-service` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(die_service::PROGRAM, |config, listener, losses| {
        die_service::run(config, listener, losses, service::terminated())
    })
}
