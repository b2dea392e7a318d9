//! Every alert has a runbook, and all runbooks have the same sections.

use slo::runbook::{Runbook, SECTIONS, read_all};

fn runbooks() -> Vec<Runbook> {
    read_all().expect("the runbooks can be read")
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let mut alerts = slo::alerts().expect("alerts that can fire");
    alerts.sort_unstable();
    let named: Vec<_> = runbooks()
        .into_iter()
        .map(|runbook| runbook.alert)
        .collect();
    assert_eq!(named, alerts);
}

#[test]
fn all_runbooks_have_the_same_sections() {
    for runbook in runbooks() {
        assert_eq!(runbook.title, runbook.alert);
        let headings: Vec<_> = runbook.sections.iter().map(|it| &*it.heading).collect();
        assert_eq!(headings, SECTIONS, "{}", runbook.alert);
        for section in &runbook.sections {
            let empty = section.text.trim().is_empty();
            assert!(!empty, "{}: {} is empty", runbook.alert, section.heading);
        }
    }
}

/// There is one first query, one for each cause, and one that shows that it is over.
#[test]
fn sections_have_the_queries_that_they_need() {
    for runbook in runbooks() {
        let of = |index: usize| runbook.sections[index].queries().len();
        let causes = runbook.sections[2].text.matches("\n### ").count();
        assert!(causes >= 2, "{}: {causes} causes", runbook.alert);
        assert_eq!((of(1), of(2), of(4)), (1, causes, 1), "{}", runbook.alert);
    }
}
