//! The file of flags of a running demo, and how another process finds it.
//!
//! Each demo has a folder in the folder for temporary files, named after the port of its entry, which
//! only one demo can have. The folder has the file of flags, and a file about the demo that is locked
//! while the demo runs.

mod find;
mod folder;

use std::process::ExitCode;

use faults::cli::Command;

pub(crate) use self::find::find;
pub(crate) use self::folder::Folder;

/// Runs `command` on the demo whose entry has `port`, or on the only one that runs.
pub(crate) fn main(port: Option<u16>, command: &Command) -> ExitCode {
    let found = find(port);
    let done = found.and_then(|demo| {
        let done = command.run(&demo.system());
        done.map_err(|error| error.to_string())
    });
    match done {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("faults: {problem}");
            ExitCode::FAILURE
        }
    }
}
