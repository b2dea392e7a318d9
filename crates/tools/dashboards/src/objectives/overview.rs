//! Are the promises to users kept, and how long will they be?

use serde_json::json;

use super::{DETAIL, OVERVIEW, budget, timeline};
use crate::model::colour::{BLUE, GREEN, GREY, Palette, RED, YELLOW};
use crate::model::dashboard::Dashboard;
use crate::model::joined::TIME_AND_NAME;
use crate::model::layout::Line;
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

/// How long the budget lasts; -1 stands for "does not run out at this rate".
const LASTS: &str = "slo:budget_exhaustion:seconds or 0 * slo:burn_rate:ratio - 1";

pub(super) fn dashboard() -> Dashboard {
    super::dashboard(
        OVERVIEW,
        "SLO - Overview",
        "Each objective, what is left of its error budget, how fast it is spent, and the alerts and \
         faults of the time.",
        Vec::new(),
        vec![
            Line::new(5, [left()]),
            Line::new(7, [objectives()]),
            Line::new(7, [burn_rate().wide(14), firing().wide(10)]),
            Line::new(7, [alerts().wide(14), faults().wide(10)]),
        ],
    )
}

fn left() -> Panel {
    budget(Panel::new(
        Viz::Stat,
        "Error Budget Left",
        "The part of each objective's error budget that is left for the period. Green: all is well. \
         Red: more has failed than was promised. It assumes that traffic goes on as so far.",
    ))
    .target(query("{{slo}}", "slo:budget_left:ratio"))
    .link(detail())
}

/// One row for each objective.
fn objectives() -> Panel {
    let ratio = |decimals: u8| json!([{ "id": "unit", "value": unit::RATIO }, { "id": "decimals", "value": decimals }]);
    Panel::new(
        Viz::Table,
        "Objectives",
        "What was promised, and what was observed within the period. A burn rate of 1 spends exactly \
         the budget. Click an objective for its details.",
    )
    .targets([
        instant("objective", "slo:objective:ratio").table(),
        instant("good", "1 - slo:period_bad_events:ratio").table(),
        instant("left", "slo:budget_left:ratio").table(),
        instant("burn", "slo:burn_rate:ratio").table(),
        instant("lasts", LASTS).table(),
    ])
    .unit(unit::TEXT)
    .no_value("no events yet")
    .joined_by(
        ("slo", "Objective"),
        ["Promised", "Observed", "Budget left", "Burn rate", "Budget lasts"],
        TIME_AND_NAME,
    )
    .field("Promised", &ratio(1))
    .field("Observed", &ratio(2))
    .field("Budget left", &json!([
        { "id": "unit", "value": unit::RATIO },
        { "id": "decimals", "value": 1 },
        { "id": "thresholds", "value": { "mode": "absolute", "steps": [
            { "value": null, "color": RED },
            { "value": 0.0, "color": YELLOW },
            { "value": 0.25, "color": GREEN },
        ]}},
        { "id": "custom.cellOptions", "value": { "type": "color-text" } },
    ]))
    .field("Burn rate", &json!([
        { "id": "unit", "value": unit::TIMES },
        { "id": "decimals", "value": 1 },
        { "id": "thresholds", "value": { "mode": "absolute", "steps": [
            { "value": null, "color": GREEN },
            { "value": 1.0, "color": YELLOW },
            { "value": 6.0, "color": RED },
        ]}},
        { "id": "custom.cellOptions", "value": { "type": "color-text" } },
    ]))
    .field("Budget lasts", &json!([
        { "id": "unit", "value": unit::SECONDS },
        { "id": "decimals", "value": 1 },
        { "id": "mappings", "value": [
            { "type": "value", "options": {
                "-1": { "text": "the whole period", "color": GREEN, "index": 0 },
                "0": { "text": "it is gone", "color": RED, "index": 1 },
            }},
        ]},
    ]))
    .link(Link::dashboard(
        "Details of this objective",
        DETAIL,
        "&var-slo=${__data.fields.Objective}",
    ))
}

fn burn_rate() -> Panel {
    Panel::new(
        Viz::Lines,
        "Burn Rate",
        "How fast the budget is spent, as a multiple of the rate that would spend it exactly. Above 1 it \
         will not last; at 14.4 an hour costs 2 % of a 30-day budget, and two minutes cost that of a day.",
    )
    .target(query("{{slo}}", "slo:burn_rate:ratio"))
    .unit(unit::TIMES)
    .palette(Palette::Objectives)
    .link(detail())
}

fn firing() -> Panel {
    Panel::new(
        Viz::AlertList,
        "Firing Now",
        "Alerts that fire or are about to. A page needs somebody now, a ticket within days. Open one for \
         its runbook.",
    )
}

fn alerts() -> Panel {
    timeline(
        "Alert Timeline",
        "When each alert fired: red for a page, yellow for a ticket. The cause usually begins before \
         the symptom.",
        "",
    )
}

fn faults() -> Panel {
    Panel::new(
        Viz::BareTimeline,
        "Faults",
        "Faults that were switched on on purpose. A drill hides its own until it is revealed.",
    )
    .target(query("{{fault}}", "max by (fault) (fault_active) > 0"))
    .unit(unit::COUNT)
    .word("0", "off", GREY)
    .word("1", "on", BLUE)
    .no_value("no fault was on")
}

fn detail() -> Link {
    Link::dashboard(
        "Details of this objective",
        DETAIL,
        "&var-slo=${__field.labels.slo}",
    )
}
