//! The `frontend` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(frontend::PROGRAM, |config, listener| {
        frontend::run(config, listener, service::terminated())
    })
}
