//! The `prober` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(prober::PROGRAM, |config, listener, losses| {
        prober::run(config, listener, losses, service::terminated())
    })
}
