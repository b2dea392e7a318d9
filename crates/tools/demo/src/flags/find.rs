//! Finding a running demo.

use faults::Fault;
use faults::cli::System;

use super::folder::{Demo, running};

/// The demo whose entry has `port`, or the only demo that runs.
///
/// # Errors
/// If there is none, or several and no port.
pub(crate) fn find(port: Option<u16>) -> Result<Demo, String> {
    let mut demos = running();
    if let Some(port) = port {
        let known = describe(&demos);
        demos.retain(|demo| demo.port == port);
        if demos.is_empty() {
            return Err(format!("no demo runs on port {port}{known}"));
        }
    }
    match demos.len() {
        0 => Err("no demo is running; start one with: cargo run --release".to_owned()),
        1 => Ok(demos.remove(0)),
        _ => Err(format!(
            "several demos are running; choose one with --port{}",
            describe(&demos)
        )),
    }
}

/// The demos, as the end of an error; empty if there are none.
fn describe(demos: &[Demo]) -> String {
    let demos = demos
        .iter()
        .map(|demo| format!("{} (stage {})", demo.port, demo.stage));
    let demos: Vec<String> = demos.collect();
    match demos.is_empty() {
        true => "; no demo is running".to_owned(),
        false => format!("; running: {}", demos.join(", ")),
    }
}

impl Demo {
    /// The faults that it does not have although its stage does, each with the reason.
    pub(crate) fn lacks(&self) -> Vec<(Fault, String)> {
        let no_ktrdr = "this demo runs no KTRDR; start it with --ktrdr".to_owned();
        let lacks = (!self.ktrdr).then_some((Fault::HungWorker, no_ktrdr));
        lacks.into_iter().collect()
    }

    /// What `faults` switches.
    pub(crate) fn system(self) -> System {
        System {
            lacks: self.lacks(),
            file: self.flags,
            stage: Some(self.stage.number()),
            start: "start it with: cargo run --release -- --stage {stage}",
        }
    }
}
