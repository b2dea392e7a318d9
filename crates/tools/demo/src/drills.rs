//! `demo drill`: a drill in a running demo.

use std::ffi::OsString;
use std::process::ExitCode;

use drill::Demo;

use crate::flags;

/// Holds a drill in the demo whose entry has `port`, or in the only one that runs. Only flags configure
/// it: variables like `TEMPO_URL` describe another system.
pub(crate) fn main(port: Option<u16>, arguments: Vec<OsString>) -> ExitCode {
    let arguments = std::iter::once("demo drill".into()).chain(arguments);
    let asks_for_help = ["-h", "--help", "-V", "--version"];
    let arguments: Vec<OsString> = arguments.collect();
    if arguments
        .iter()
        .any(|it| asks_for_help.iter().any(|flag| it == flag))
    {
        return drill::main_from(arguments);
    }
    match flags::find(port) {
        Ok(demo) => drill::of_the_demo(
            arguments,
            Demo {
                stage: demo.stage,
                port: demo.port,
                lacks: demo.lacks(),
                file: demo.flags,
            },
        ),
        Err(problem) => {
            eprintln!("drill: {problem}");
            ExitCode::FAILURE
        }
    }
}
