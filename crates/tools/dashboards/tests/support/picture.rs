//! The appearance of a panel at 1280 pixels in both themes: its texts, their colours, and whether
//! they fit. Values are formatted by Grafana's own code.

use serde_json::{Value, json};

use super::board::{list, text};
use super::inter::{title_width, width};
use super::node;
use super::oklab::Colour;

/// A grid column with the gap beside it, in pixels, in a window 1280 pixels wide; a grid row with
/// the gap below it; the gap.
const COLUMN: f64 = 52.0;
const ROW: f64 = 38.0;
const SPACE: f64 = 8.0;

/// Space beside a panel's title: padding and the icon of the description.
const BESIDE_TITLE: f64 = 44.0;

/// Height in pixels of a title and padding, and of a line of a legend.
const HEAD: f64 = 40.0;
const LEGEND_LINE: f64 = 22.0;

/// The share of a panel that Grafana gives to a legend below a graph; a longer legend scrolls.
const LEGEND_SHARE: f64 = 0.35;

/// Minimum contrast ratio between a line and the panel's background.
const CONTRAST: f64 = 2.0;

/// Minimum distance in Oklab between two lines in one panel.
const DISTANCE: f64 = 0.08;

/// Kinds of panel that distinguish series by colour.
const COLOURED: [&str; 3] = ["timeseries", "piechart", "barchart"];

/// Kinds that show values as large numbers.
const FIGURES: [&str; 3] = ["stat", "gauge", "bargauge"];

/// A panel and its series.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    pub(crate) place: String,
    pub(crate) panel: Value,
    pub(crate) series: Vec<(String, Vec<f64>)>,
}

/// Width and height of a panel in pixels.
pub(crate) fn size(panel: &Value) -> (f64, f64) {
    let side = |key: &str| panel["gridPos"][key].as_f64().unwrap_or_default();
    (COLUMN * side("w") - SPACE, ROW * side("h") - SPACE)
}

/// All findings, each with its rule; none if Node is missing.
pub(crate) fn check(pictures: &[Picture]) -> Option<Vec<String>> {
    let input: Vec<_> = pictures.iter().map(Picture::to_json).collect();
    let answer = node::run("picture", "print.mjs", &input.into())?;
    let backgrounds = colours(&answer["backgrounds"]);
    let printed = pictures.iter().zip(list(&answer, "panels"));
    let problems = printed.flat_map(|(picture, printed)| {
        let problems = picture.problems(printed, &backgrounds);
        problems
            .into_iter()
            .map(|problem| match problem.split_once(": ") {
                Some((rule, what)) => format!("{rule}: {}: {what}", picture.place),
                None => problem,
            })
    });
    Some(problems.collect())
}

fn colours(texts: &Value) -> Vec<Colour> {
    let texts = texts.as_array().into_iter().flatten();
    texts
        .filter_map(|text| Colour::parse(text.as_str()?))
        .collect()
}

impl Picture {
    fn to_json(&self) -> Value {
        let series = self.series.iter();
        let series: Vec<_> = series
            .map(|(name, values)| json!({ "name": name, "values": values }))
            .collect();
        let graph = self.panel["type"] == "timeseries";
        let height = if graph {
            0.6 * (size(&self.panel).1 - HEAD)
        } else {
            0.0
        };
        json!({ "fieldConfig": self.panel["fieldConfig"], "series": series, "height": height })
    }

    fn problems(&self, printed: &Value, backgrounds: &[Colour]) -> Vec<String> {
        let printed = printed.as_array().map_or(&[][..], Vec::as_slice);
        let kind = text(&self.panel, "type");
        let mut problems = Vec::from_iter(self.title());
        problems.extend(self.legend(printed));
        for (series, (_, values)) in printed.iter().zip(&self.series) {
            problems.extend(axis(series));
            if FIGURES.contains(&kind) || kind == "piechart" {
                problems.extend(digits(series, values));
            }
            if kind == "state-timeline" {
                problems.extend(words(series));
            }
        }
        if COLOURED.contains(&kind) {
            problems.extend(distinct(printed, backgrounds));
        }
        problems
    }

    fn title(&self) -> Option<String> {
        let needed = title_width(text(&self.panel, "title")) + BESIDE_TITLE;
        let there = size(&self.panel).0;
        (needed > there)
            .then(|| format!("title-width: its title needs {needed:.0} px of {there:.0}"))
    }

    /// Checks legends below a graph, with the last value if the panel shows it.
    fn legend(&self, printed: &[Value]) -> Option<String> {
        let legend = &self.panel["options"]["legend"];
        if legend["displayMode"] != "list" || legend["placement"] != "bottom" {
            return None;
        }
        let (across, down) = size(&self.panel);
        let figures = !list(legend, "calcs").is_empty() || !list(legend, "values").is_empty();
        let (mut lines, mut used) = (1.0, 0.0);
        for series in printed.iter().filter(|series| series["hidden"] != true) {
            let texts = list(series, "texts").iter().filter_map(Value::as_str);
            let widest = texts.map(|text| width(text, 12.0)).fold(0.0, f64::max);
            let figure = match (figures, text(&self.panel, "type")) {
                (false, _) => 0.0,
                (true, "piechart") => width("100%", 12.0),
                (true, _) => width("Last *: ", 12.0) + widest + 8.0,
            };
            let needed = 30.0 + width(text(series, "name"), 12.0) + figure;
            if used > 0.0 && used + needed > across - 16.0 {
                lines += 1.0;
                used = 0.0;
            }
            used += needed;
        }
        let needed = lines * LEGEND_LINE;
        let there = LEGEND_SHARE * (down - HEAD);
        (needed > there).then(|| format!("legend-height: its legend needs {lines} lines"))
    }
}

/// A figure must distinguish values that differ by 10 %, and be no longer than necessary.
fn digits(series: &Value, values: &[f64]) -> Vec<String> {
    let texts = list(series, "texts").iter().zip(list(series, "tenthMore"));
    let mut problems = Vec::new();
    for (value, (shown, more)) in values.iter().zip(texts) {
        let (shown, more) = (shown.as_str().unwrap_or_default(), more.as_str());
        let digits = shown.chars().filter(char::is_ascii_digit).count();
        if *value >= 10.0 && digits > 0 && Some(shown) == more {
            problems.push(format!(
                "value-lost: {value} and 10 % more are both {shown:?}"
            ));
        }
        if shown.contains('.') && digits > 5 {
            problems.push(format!("value-length: {value} is shown as {shown:?}"));
        }
    }
    problems
}

/// No two labels of an axis are equal.
fn axis(series: &Value) -> Option<String> {
    let axes = list(series, "axes").iter().filter_map(Value::as_array);
    let repeated = axes
        .flat_map(|labels| labels.windows(2))
        .find(|pair| pair[0] == pair[1])?;
    Some(format!("axis-labels: the axis has {} twice", repeated[0]))
}

fn words(series: &Value) -> Option<String> {
    let texts = list(series, "texts").iter().filter_map(Value::as_str);
    let number = texts
        .into_iter()
        .find(|text| text.contains(|c: char| c.is_ascii_digit()))?;
    Some(format!("state-words: a state is shown as {number:?}"))
}

/// Each series has its own colour, by meaning, visible in both themes.
fn distinct(printed: &[Value], backgrounds: &[Colour]) -> Vec<String> {
    let mut problems = Vec::new();
    for (index, one) in printed.iter().enumerate() {
        let name = text(one, "name");
        if one["override"].is_null() && printed.len() > 1 {
            problems.push(format!("colour-fixed: {name:?} has no colour of its own"));
        }
        let own = colours(&one["colours"]);
        for (colour, background) in own.iter().zip(backgrounds) {
            let contrast = colour.contrast(*background);
            if contrast < CONTRAST {
                problems.push(format!(
                    "colour-contrast: {name:?} has a contrast of {contrast:.2}"
                ));
            }
        }
        for other in &printed[..index] {
            // Series with the same colour rule count as one, such as the unexpected statuses.
            if other["override"] == one["override"] {
                continue;
            }
            let theirs = colours(&other["colours"]);
            let distances = own
                .iter()
                .zip(theirs)
                .map(|(one, other)| one.distance(other));
            let least = distances.fold(1.0, f64::min);
            if least < DISTANCE {
                let other = text(other, "name");
                problems.push(format!(
                    "colour-distance: {other:?} and {name:?}: {least:.2}"
                ));
            }
        }
    }
    problems
}
