//! The list of faults, for people and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::flags::Flags;
use crate::spec::{Alert, Source, Spec};

/// The list for people: a line of facts and two of text for each fault.
pub(super) fn table(flags: &Flags, stage: Option<u8>) -> String {
    let mut text = format!(
        "{:<22}{:<15}{:<7}{:<29}NOW\n",
        "NAME", "SERVICE", "STAGE", "ALERT"
    );
    for fault in Fault::ALL {
        let spec = fault.spec();
        let alert = spec.alert.name().unwrap_or("none, on purpose");
        let first = format!("{}+", spec.stage);
        let (name, service, now) = (spec.name, spec.service, now(flags, spec, stage));
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:<22}{service:<15}{first:<7}{alert:<29}{now}");
        let _ = writeln!(text, "    {} Strength: {}.", spec.effect, range(spec));
        let _ = writeln!(text, "    Look at {}.", spec.signal.look);
    }
    if flags.is_hidden() {
        text.push_str("\nA drill is running: what is on is hidden until it ends.\n");
    }
    text
}

/// Whether it is on, as far as that is no secret.
fn now(flags: &Flags, spec: &Spec, stage: Option<u8>) -> String {
    match flags.strength(spec.fault) {
        _ if stage.is_some_and(|stage| stage < spec.stage) => "not in this stage".to_owned(),
        _ if flags.is_hidden() => "?".to_owned(),
        Some(strength) => format!("on{}", amount(spec, strength)),
        None => "off".to_owned(),
    }
}

/// The strength in words, as in ` (1.5 s added to each answer)`; empty for a fault without one.
pub(super) fn amount(spec: &Spec, strength: f64) -> String {
    match spec.strength.is_switch() {
        true => String::new(),
        false => format!(" ({strength} {})", spec.strength.unit),
    }
}

/// The allowed strengths in words.
fn range(spec: &Spec) -> String {
    let strength = spec.strength;
    match strength.is_switch() {
        true => "none".to_owned(),
        false => format!(
            "{} to {} {}, by default {}",
            strength.min, strength.max, strength.unit, strength.default
        ),
    }
}

/// The table as JSON: an array with an object for each fault. `on` is the strength, or null if the
/// fault is off or hidden.
pub(super) fn json(flags: &Flags) -> String {
    let rows: Vec<Value> = Fault::ALL
        .into_iter()
        .map(|fault| row(flags, fault.spec()))
        .collect();
    let mut text = serde_json::to_string_pretty(&rows).expect("the table is JSON");
    text.push('\n');
    text
}

fn row(flags: &Flags, spec: &Spec) -> Value {
    let strength = spec.strength;
    let reason = match spec.alert {
        Alert::Raises(_) => None,
        Alert::None(reason) => Some(reason),
    };
    let source = match spec.signal.source {
        Source::Prometheus => "prometheus",
        Source::Loki => "loki",
        Source::Tempo => "tempo",
    };
    let on = flags.strength(spec.fault).filter(|_| !flags.is_hidden());
    json!({
        "name": spec.name,
        "service": spec.service,
        "kind": spec.kind.name(),
        "effect": spec.effect,
        "strength": {
            "unit": strength.unit, "default": strength.default, "min": strength.min, "max": strength.max,
        },
        "signal": {
            "look": spec.signal.look, "source": source, "query": spec.signal.query, "above": spec.signal.above,
        },
        "alert": spec.alert.name(),
        "no_alert_because": reason,
        "further_alerts": spec.further_alerts,
        "stage": spec.stage,
        "hidden": flags.is_hidden(),
        "on": on,
    })
}
