//! The `usage-sink` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(usage_sink::PROGRAM, |config, listener| {
        usage_sink::run(config, listener, service::terminated())
    })
}
