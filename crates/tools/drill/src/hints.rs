//! Hints, from a vague one to one that nearly tells the answer.

use faults::{Fault, Source};

/// How many hints there are.
pub(crate) const COUNT: usize = 3;

/// The hint with that number, from 0; None if there are no more. A hint to a drill without a fault has
/// the words that any other could have.
pub(crate) fn hint(fault: Option<Fault>, number: usize) -> Option<String> {
    let spec = fault.map(Fault::spec);
    match number {
        0 => Some(match spec.map(|spec| spec.signal.source) {
            None | Some(Source::Prometheus) => {
                "Look at metrics: compare the last minutes with those \
                before the drill, service by service."
                    .to_owned()
            }
            Some(Source::Loki) => "Look at the log lines.".to_owned(),
            Some(Source::Tempo) => "Look at the traces.".to_owned(),
        }),
        1 => Some(match spec.and_then(|spec| spec.alert.name()) {
            Some(alert) => format!("If an alert fires, it is {alert}; look up its runbook."),
            None => "No alert fires because of this.".to_owned(),
        }),
        2 => Some(match spec {
            Some(spec) => format!("Look at {}.", spec.signal.look),
            None => "Everything is as it was before the drill.".to_owned(),
        }),
        _ => None,
    }
}
