//! docs/faults.md has the table of the code.

use faults::{Alert, Fault, Spec, Strength};

fn documentation() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/faults.md");
    std::fs::read_to_string(path).expect("docs/faults.md")
}

fn strength(strength: Strength) -> String {
    match strength.is_switch() {
        true => "none".to_owned(),
        false => format!(
            "{} to {} {}; {} by default",
            strength.min, strength.max, strength.unit, strength.default
        ),
    }
}

fn alert(spec: &Spec) -> String {
    match spec.alert {
        Alert::Raises(name) => format!("`{name}`"),
        Alert::None(reason) => format!("none: {reason}"),
    }
}

fn row(spec: &Spec) -> String {
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {}+ |",
        spec.name,
        spec.service,
        spec.kind,
        spec.effect,
        strength(spec.strength),
        alert(spec),
        spec.stage
    )
}

fn query(spec: &Spec) -> String {
    format!(
        "| `{}` | {} | `{}` | {} |",
        spec.name,
        spec.signal.look,
        spec.signal.query.replace('|', "\\|"),
        spec.signal.above
    )
}

#[test]
fn every_fault_is_in_both_tables_as_declared() {
    let text = documentation();
    let written: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let specs = Fault::ALL.map(Fault::spec);
    let rows = specs.iter().map(|spec| row(spec));
    let expected: Vec<String> = rows.chain(specs.iter().map(|spec| query(spec))).collect();
    assert_eq!(
        written,
        expected,
        "docs/faults.md must have:\n{}",
        expected.join("\n")
    );
}
