//! The `usage-sink` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(usage_sink::PROGRAM, |config, listener, losses| {
        usage_sink::run(config, listener, losses, service::terminated())
    })
}
