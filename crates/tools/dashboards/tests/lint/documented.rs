//! The table of rules in `docs/dashboards.md` names rules that exist.

use std::collections::BTreeSet;

use crate::{bad, pictures};

/// Rows of the list of faults.
const FAULTS: usize = 26;

#[test]
fn each_fault_that_was_seen_has_a_rule_that_exists() {
    let text = include_str!("../../../../../docs/dashboards.md");
    let (_, table) = text
        .split_once("| row | what was seen | rule or change | test |")
        .expect("the table is there");
    let rules: BTreeSet<_> = bad::rules().chain(pictures::rules()).collect();
    let mut numbers = Vec::new();
    for line in table.lines().skip(2).take_while(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        numbers.extend(cells[1].parse::<usize>());
        for rule in cells[3].split('`').skip(1).step_by(2) {
            assert!(rules.contains(rule), "no rule is called {rule:?}: {line}");
        }
    }
    assert_eq!(numbers, Vec::from_iter(1..=FAULTS));
}
