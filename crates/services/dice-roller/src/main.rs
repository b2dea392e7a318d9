//! The `dice-roller` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    service::main(dice_roller::PROGRAM, |config, listener, losses| {
        dice_roller::run(config, listener, losses, service::terminated())
    })
}
