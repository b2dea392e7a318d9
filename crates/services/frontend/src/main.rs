//! The `frontend` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(frontend::PROGRAM, |config, listener, losses| {
        frontend::run(config, listener, losses, service::terminated())
    })
}
