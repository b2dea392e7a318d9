//! `--list`: what can be drawn, and the words of answers.

use std::fmt::Write;

use serde_json::json;

use crate::system::{NONE, System};

pub(crate) fn text(system: &System, as_json: bool) -> String {
    let faults = system.faults();
    if as_json {
        let faults: Vec<_> = faults
            .iter()
            .map(|fault| {
                let spec = fault.spec();
                json!({ "name": spec.name, "service": spec.service, "kind": spec.kind.name() })
            })
            .collect();
        let list = json!({
            "stage": system.stage.number(),
            "faults": faults,
            "services": system.services(),
            "kinds": system.kinds(),
        });
        return format!("{list:#}\n");
    }
    let mut text = format!(
        "Stage {} can have these faults, or {NONE}:\n\n",
        system.stage
    );
    for fault in faults {
        let spec = fault.spec();
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "  {:<22}{:<15}{:<13}{}",
            spec.name, spec.service, spec.kind, spec.effect
        );
    }
    let _ = write!(
        text,
        "\nWords of answers:\n  service  {}\n  kind     {}\n",
        words(&system.services()),
        words(&system.kinds())
    );
    text
}

/// The words that an answer can have, with `none`.
pub(crate) fn words(names: &[&str]) -> String {
    format!("{}, {NONE}", names.join(", "))
}
