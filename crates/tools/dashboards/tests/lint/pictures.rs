//! How each panel looks with typical values, for every series that it can have.

use std::collections::BTreeSet;

use promql_parser::parser::parse;
use serde_json::Value;

use crate::exposed::Exposed;
use crate::services;
use crate::support::board::{Board, boards, list, text};
use crate::support::interpolate::Values;
use crate::support::picture::{Picture, check};
use crate::support::text_panel;
use crate::tree::selectors;

/// Statuses and routes that occur; all other series stay at 0 and out of legends.
const USUAL: [&str; 11] = [
    "200",
    "404",
    "422",
    "500",
    "503",
    "/",
    "/api/dice",
    "/roll",
    "/roll-async",
    "/sign-in",
    "/sign-out",
];

/// Labels most of whose values never occur.
const MOSTLY_UNUSED: [&str; 3] = ["{{status}}", "{{http_status_code}}", "{{handler}}"];

/// The types of usage events.
const EVENTS: [&str; 5] = ["page_view", "roll", "roll_batch", "sign_in", "sign_out"];

#[tokio::test]
async fn every_panel_can_be_read_at_1280_pixels_in_both_themes() {
    let exposed = services::cold().await;
    let boards = boards();
    let pictures = boards.iter().flat_map(|board| {
        let panels = board.panels();
        panels.map(|panel| picture(board, panel, &exposed))
    });
    let pictures: Vec<_> = pictures.collect();
    assert!(pictures.len() > 200, "only {} panels", pictures.len());
    let problems = look(&pictures, check(&pictures));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Tests of the linter: each rule detects its mistake.
#[tokio::test]
async fn each_rule_of_appearance_detects_its_mistake() {
    let exposed = services::cold().await;
    let boards = boards();
    let pictures = MISTAKES.iter().zip(1..);
    let pictures = pictures.map(|((rule, title, mistake), number)| {
        let (board, panel) = find(&boards, title);
        let mut panel = panel.clone();
        mistake(&mut panel);
        let mut picture = picture(board, &panel, &exposed);
        picture.place = format!("{number}. {rule} in {title}");
        picture
    });
    let pictures: Vec<_> = pictures.collect();
    let printed = check(&pictures);
    let without_node = printed.is_none();
    let problems = look(&pictures, printed);
    for ((rule, title, _), picture) in MISTAKES.iter().zip(&pictures) {
        let is_it =
            |problem: &String| problem.starts_with(rule) && problem.contains(&picture.place);
        assert!(
            problems.iter().any(is_it) || without_node,
            "the rule {rule:?} does not detect its mistake in {title:?}: {problems:?}"
        );
    }
}

/// The first panel with that title, and its dashboard.
fn find<'a>(boards: &'a [Board], title: &str) -> (&'a Board, &'a Value) {
    let panels = boards.iter().flat_map(|board| {
        let panels = board.panels();
        panels.map(move |panel| (board, panel))
    });
    let mut panels = panels.filter(|(_, panel)| panel["title"] == title);
    panels.next().expect("some dashboard has this panel")
}

/// A rule, a panel, and a function that makes a mistake in it. All of them were seen in Grafana.
type Mistake = (&'static str, &'static str, fn(&mut Value));

const MISTAKES: &[Mistake] = &[
    ("value-lost", "Rolls in Range", |panel| {
        panel["fieldConfig"]["defaults"]["unit"] = "short".into();
    }),
    ("value-length", "Sync Roll Average Duration", |panel| {
        panel["fieldConfig"]["defaults"]["decimals"] = 3.into();
    }),
    ("axis-labels", "Container CPU", |panel| {
        panel["fieldConfig"]["defaults"]["decimals"] = 0.into();
    }),
    ("title-width", "Async Rolls In Progress", |panel| {
        panel["gridPos"]["w"] = 4.into();
    }),
    ("legend-height", "Request Rate - Frontend", |panel| {
        panel["gridPos"]["w"] = 4.into();
        panel["gridPos"]["h"] = 4.into();
    }),
    ("state-words", "PostgreSQL Up", |panel| {
        panel["fieldConfig"]["defaults"]["mappings"] = Value::Null;
    }),
    ("colour-fixed", "Worker CPU Usage", |panel| {
        panel["fieldConfig"]["overrides"] = Value::Array(Vec::new());
    }),
    ("colour-contrast", "Status Code Distribution", |panel| {
        panel["fieldConfig"]["overrides"][1]["properties"][0]["value"]["fixedColor"] =
            "super-light-yellow".into();
    }),
    ("colour-distance", "Worker CPU Usage", |panel| {
        panel["fieldConfig"]["overrides"][1]["properties"][0]["value"]["fixedColor"] =
            "semi-dark-blue".into();
    }),
    ("text-code", "Trace Instructions", |panel| {
        panel["options"]["content"] = "Search for `{ resource.service.name = \"dice-roller\" && \
            kind = server && duration > 900ms }`"
            .into();
    }),
    ("text-height", "Trace Instructions", |panel| {
        panel["gridPos"]["h"] = 4.into();
    }),
    ("columns-width", "Slow Queries", |panel| {
        panel["gridPos"]["w"] = 12.into();
    }),
];

/// The rules that are known to find their mistakes.
pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
    MISTAKES.iter().map(|(rule, ..)| *rule)
}

/// Everything that is wrong with the appearance of these panels, given the result of [`check`].
fn look(pictures: &[Picture], printed: Option<Vec<String>>) -> Vec<String> {
    let mut problems = printed.unwrap_or_default();
    for picture in pictures {
        let kind = text(&picture.panel, "type");
        let found = match kind {
            "text" => text_panel::check(&picture.panel),
            "table" => columns(&picture.panel),
            _ => Vec::new(),
        };
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{problem} ({})", picture.place)),
        );
    }
    problems
}

fn picture(board: &Board, panel: &Value, exposed: &Exposed) -> Picture {
    let values = Values::an_hour(board.variables());
    Picture {
        place: format!("{}: {}", board.file, text(panel, "title")),
        panel: panel.clone(),
        series: series(panel, &values, exposed),
    }
}

/// The names of a panel's series, each with values of the unit's usual magnitudes.
fn series(panel: &Value, values: &Values, exposed: &Exposed) -> Vec<(String, Vec<f64>)> {
    let typical = typical(panel);
    let mut all = Vec::new();
    for target in list(panel, "targets") {
        let legend = text(target, "legendFormat");
        let unused = |name: &str| {
            MOSTLY_UNUSED.iter().any(|label| legend.contains(label)) && !USUAL.contains(&name)
        };
        let names = match text(&target["datasource"], "type") {
            "prometheus" => names(legend, &values.fill(text(target, "expr")), exposed),
            "grafana-postgresql-datasource" => columns_of(text(target, "rawSql")),
            _ => BTreeSet::new(),
        };
        // A pie does not show empty shares.
        let shown = |name: &String| panel["type"] != "piechart" || !unused(name);
        all.extend(names.into_iter().filter(shown).map(|name| {
            let values = if unused(&name) {
                vec![0.0]
            } else {
                typical.to_vec()
            };
            (name, values)
        }));
    }
    all
}

fn typical(panel: &Value) -> &'static [f64] {
    match text(&panel["fieldConfig"]["defaults"], "unit") {
        "s" => &[0.000_054, 0.0163, 0.491_613, 1.045],
        "ms" => &[0.054, 16.3, 491.613],
        "percent" => &[0.0, 0.492, 14.93, 100.0],
        "percentunit" if panel["type"] == "state-timeline" => &[0.0, 0.5, 1.0],
        "percentunit" => &[0.0, 0.0034, 0.1493, 1.0],
        "locale" | "short" if panel["type"] == "state-timeline" => &[0.0, 1.0],
        "locale" | "short" => &[0.0, 9.0, 871.0, 2871.0, 12345.0],
        "bytes" => &[7_888_231.0, 22_970_368.0],
        _ => &[0.0, 0.0667, 3.17, 27.3],
    }
}

/// The legend for each set of labels that the query's series can have.
fn names(legend: &str, query: &str, exposed: &Exposed) -> BTreeSet<String> {
    if !legend.contains("{{") {
        return BTreeSet::from([legend.to_owned()]);
    }
    let expr = parse(query).expect("the linter has parsed it");
    let selectors = selectors(&expr).into_iter();
    let series = selectors.flat_map(|selector| exposed.select(selector));
    series
        .filter_map(|labels| {
            let mut parts = legend.split("{{");
            let mut name = parts.next()?.to_owned();
            for part in parts {
                let (label, rest) = part.split_once("}}")?;
                name += labels.get(label)?;
                name += rest;
            }
            Some(name)
        })
        .collect()
}

/// The columns that an SQL query names, or the event types if a column names the series.
fn columns_of(sql: &str) -> BTreeSet<String> {
    if sql.contains("AS metric") {
        return EVENTS.map(str::to_owned).into();
    }
    let names = sql.split(" AS ").skip(1);
    let names = names.map(|rest| rest.split([',', '\n']).next().unwrap_or_default());
    names
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

/// Checks that the fixed column widths of a table leave room for all columns.
fn columns(panel: &Value) -> Vec<String> {
    let overrides = list(&panel["fieldConfig"], "overrides").iter();
    let properties = overrides.flat_map(|one| list(one, "properties"));
    let widths = properties
        .filter(|property| ["custom.width", "custom.minWidth"].contains(&text(property, "id")));
    let needed: f64 = widths
        .filter_map(|property| property["value"].as_f64())
        .sum();
    let (there, _) = crate::support::picture::size(panel);
    match needed > there {
        true => vec![format!(
            "columns-width: its columns need {needed} px of {there}"
        )],
        false => Vec::new(),
    }
}
