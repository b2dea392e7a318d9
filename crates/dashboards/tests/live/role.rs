//! This program as one of the processes of the system.

use std::ffi::OsString;
use std::process::ExitCode;

use service::terminated;

/// `arguments`: a name and its flags.
pub(crate) fn main(arguments: Vec<OsString>) -> ExitCode {
    let name = arguments.first().and_then(|name| name.to_str());
    match name {
        Some("die-service") => service::main_from(die_service::PROGRAM, arguments, |c, l| {
            die_service::run(c, l, terminated())
        }),
        Some("dice-roller") => service::main_from(dice_roller::PROGRAM, arguments, |c, l| {
            dice_roller::run(c, l, terminated())
        }),
        Some("frontend") => service::main_from(frontend::PROGRAM, arguments, |c, l| {
            frontend::run(c, l, terminated())
        }),
        Some("ktrdr") => ktrdr::main_from(arguments, terminated),
        Some("traffic-gen") => traffic_gen::main_from(arguments),
        _ => panic!("there is no program {arguments:?}"),
    }
}
