//! One objective: how it is measured, which window sees what, and when it raised an alert.

use super::{DETAIL, OVERVIEW, budget, timeline};
use crate::model::colour::{BLUE, GREEN, Palette, RED, YELLOW};
use crate::model::dashboard::Dashboard;
use crate::model::layout::Line;
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::variable::Variable;
use crate::model::viz::Viz;

const SLO: Variable = Variable::Choice {
    name: "slo",
    label: "Objective",
    description: "The objective that all panels show.",
    options: &[
        ("Rolls answered", "roll-availability"),
        ("Rolls in time", "roll-latency"),
        ("Telemetry complete", "telemetry"),
        ("KTRDR operations", "ktrdr-operations"),
    ],
};

pub(super) fn dashboard() -> Dashboard {
    super::dashboard(
        DETAIL,
        "SLO - Detail",
        "One objective: its budget, its burn rate in each window of its alerts, its events and its alerts.",
        vec![SLO],
        vec![
            Line::new(4, [promised(), observed(), left(), burn_rate(), seen()]),
            Line::new(9, [windows()]),
            Line::new(8, [budget_over_time(), events()]),
            Line::new(6, [alerts()]),
        ],
    )
}

fn stat(title: &'static str, description: &'static str, legend: &'static str, expr: &str) -> Panel {
    let panel = Panel::new(Viz::Stat, title, description);
    panel
        .target(instant(legend, expr))
        .link(Link::dashboard("All objectives", OVERVIEW, ""))
}

fn promised() -> Panel {
    stat(
        "Promised",
        "The objective: the share of events that must be good within the period.",
        "promised",
        r#"slo:objective:ratio{slo="$slo"}"#,
    )
    .unit(unit::RATIO)
    .decimals(1)
    .thresholds(BLUE, &[])
}

fn observed() -> Panel {
    stat(
        "Observed",
        "The share of good events in what has been observed of the period, weighted by traffic.",
        "observed",
        r#"1 - slo:period_bad_events:ratio{slo="$slo"}"#,
    )
    .unit(unit::RATIO)
    .decimals(2)
    .thresholds(BLUE, &[])
    .no_value("no events yet")
}

fn left() -> Panel {
    budget(stat(
        "Budget Left",
        "The part of the period's error budget that is left. Below 0 it is overspent.",
        "left",
        r#"slo:budget_left:ratio{slo="$slo"}"#,
    ))
}

fn burn_rate() -> Panel {
    stat(
        "Burn Rate",
        "How fast the budget is spent: 1 spends exactly the budget within the period.",
        "burn rate",
        r#"slo:burn_rate:ratio{slo="$slo"}"#,
    )
    .unit(unit::TIMES)
    .decimals(1)
    .thresholds(GREEN, &[(1.0, YELLOW), (6.0, RED)])
    .no_value("no events yet")
}

fn seen() -> Panel {
    stat(
        "Period Observed",
        "How much of the period has been observed. A young system has not spent a whole period's budget.",
        "observed",
        r#"slo:observed_period:ratio{slo="$slo"}"#,
    )
    .unit(unit::RATIO)
    .decimals(1)
    .thresholds(BLUE, &[])
}

fn windows() -> Panel {
    Panel::new(
        Viz::Lines,
        "Bad Events by Window",
        "The share of bad events in each window. An alert fires while a long window and its short one are \
         both above their threshold: short windows rise and fall first. The dashed line is the budget.",
    )
    .targets([
        query("{{window}}", r#"slo:bad_events:ratio{slo="$slo"}"#),
        query("budget", r#"slo:error_budget:ratio{slo="$slo"}"#),
    ])
    .unit(unit::RATIO)
    .palette(Palette::Windows)
}

fn budget_over_time() -> Panel {
    Panel::new(
        Viz::Lines,
        "Budget Left over Time",
        "A flat line spends nothing, a falling one spends the budget. In a rolling period, old failures are \
         forgotten one period later, and the line rises.",
    )
    .target(query("budget left", r#"slo:budget_left:ratio{slo="$slo"}"#))
    .unit(unit::RATIO)
}

fn events() -> Panel {
    Panel::new(
        Viz::Lines,
        "Bad Events per Second",
        "Bad events per second in each window. With few events, the share of bad ones jumps; an alert needs \
         a minimum of events in its long window.",
    )
    .target(query("{{window}}", r#"slo:bad_events:rate{slo="$slo"}"#))
    .unit(unit::EVENTS)
    .palette(Palette::Windows)
}

fn alerts() -> Panel {
    timeline(
        "Alerts of This Objective",
        "When its alerts fired: red for a page, yellow for a ticket.",
        r#",slo="$slo""#,
    )
}
