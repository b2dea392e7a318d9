//! `docs/slo.md` lists the objectives, the windows and the alerts as they are declared.

use slo::rules::{Group, groups};
use slo::{Clock, slos};

const PAGE: &str = include_str!("../../../../docs/slo.md");

/// The cells of each row of the table with this header.
fn table(header: &str) -> Vec<Vec<&'static str>> {
    let (_, table) = PAGE.split_once(header).expect(header);
    let rows = table.lines().skip(2).take_while(|line| !line.is_empty());
    rows.map(|row| row.split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn objectives_are_those_of_the_table() {
    let table = table("| objective | label `slo` | what counts | what is bad |");
    assert_eq!(table.len(), slos().len());
    for (row, slo) in table.iter().zip(slos()) {
        assert!(row[1].starts_with(&slo.objective.to_string()), "{row:?}");
        assert_eq!(row[2], format!("`{}`", slo.name));
    }
}

#[test]
fn windows_are_those_of_the_table() {
    let table = table("| severity | share of the budget | factor |");
    assert_eq!(table.len(), 4);
    for (index, row) in table.iter().enumerate() {
        let burns = [Clock::Day, Clock::Month].map(|clock| clock.burns()[index]);
        for (burn, cell) in burns.iter().zip([row[4], row[5]]) {
            assert_eq!(cell, format!("{}, {}", burn.long, burn.short));
            assert_eq!(row[1], burn.severity.to_string());
            assert_eq!(row[2], format!("{} %", burn.budget));
            assert_eq!(row[3], burn.factor());
        }
    }
}

#[test]
fn alerts_are_those_of_the_table() {
    let groups = groups(Clock::Day, &slos()).expect("alerts that can fire");
    let alerts: Vec<_> = groups.iter().flat_map(Group::alerts).collect();
    let table = table("| alert | severity | what it watches |");
    let names = slo::alerts().expect("alerts that can fire");
    assert_eq!(table.len(), names.len());
    for name in names {
        let cell = format!("[`{name}`](runbooks/{name}.md)");
        let row = table.iter().find(|row| row[1] == cell);
        let row = row.unwrap_or_else(|| panic!("docs/slo.md has no {name}"));
        let own = alerts.iter().filter(|alert| alert.name == name);
        let severities: Vec<_> = own.map(|alert| alert.severity.to_string()).collect();
        assert_eq!(row[2], severities.join(", "), "{name}");
    }
}

/// The number of events that an alert needs is given for availability.
#[test]
fn least_numbers_of_events_are_those_of_the_text() {
    let slo = slos()[0];
    let least = Clock::Day
        .burns()
        .map(|burn| slo::burn::least_events(slo.objective, &burn));
    assert_eq!(least, [14, 34, 67, 200]);
    let text = PAGE.replace('\n', " ");
    assert!(text.contains("14 for the fast page on   availability, 34, 67 and 200 for the others"));
}
