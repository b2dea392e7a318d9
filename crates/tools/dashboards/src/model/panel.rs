//! A panel: its queries, how they are displayed, and the first stage that has its data.

use serde_json::{Value, json};
use stages::Stage;

use super::colour::{Palette, hide_zeros};
use super::field::{Field, Mapping, Step, Values};
use super::grid::GridPosition;
use super::link::Link;
use super::target::{Target, datasource};
use super::unit::quiet_top;
use super::viz::{Shape, Viz};

/// Labels with many known values, few of which ever occur.
const MOSTLY_UNUSED: [&str; 3] = ["{{status}}", "{{http_status_code}}", "{{handler}}"];

/// A panel, built by chaining.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    title: &'static str,
    description: &'static str,
    viz: Viz,
    field: Field,
    /// Queries, each with the first stage that has its data.
    targets: Vec<(Stage, Target)>,
    transformations: Vec<Value>,
    since: Stage,
    until: Option<Stage>,
    weight: u32,
    id: Option<usize>,
    interval: Option<&'static str>,
    /// The stage of the dashboard, for panels whose text depends on it.
    stage: Stage,
    soft_min: Option<f64>,
}

impl Panel {
    pub(crate) fn new(viz: Viz, title: &'static str, description: &'static str) -> Self {
        Self {
            title,
            description,
            viz,
            field: Field::default(),
            targets: Vec::new(),
            transformations: Vec::new(),
            since: Stage::One,
            until: None,
            weight: 1,
            id: None,
            interval: None,
            stage: Stage::One,
            soft_min: None,
        }
    }

    /// Sets the first stage that has the panel.
    pub(crate) fn since(mut self, stage: Stage) -> Self {
        self.since = stage;
        self
    }

    /// Sets the last stage that has the panel.
    pub(crate) fn until(mut self, stage: Stage) -> Self {
        self.until = Some(stage);
        self
    }

    /// Sets the width relative to the other panels of its line, whose default is 1.
    pub(crate) fn wide(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Sets a fixed id for links, larger than any position; the default is the panel's position.
    pub(crate) fn id(mut self, id: usize) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the shortest step over time: `1m`.
    pub(crate) fn interval(mut self, interval: &'static str) -> Self {
        self.interval = Some(interval);
        self
    }

    pub(crate) fn target(self, target: impl Into<Target>) -> Self {
        self.target_since(Stage::One, target)
    }

    /// Adds a query for data that `stage` and later ones have.
    pub(crate) fn target_since(mut self, stage: Stage, target: impl Into<Target>) -> Self {
        self.targets.push((stage, target.into()));
        self
    }

    pub(crate) fn targets<T: Into<Target>>(self, targets: impl IntoIterator<Item = T>) -> Self {
        targets.into_iter().fold(self, Self::target)
    }

    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.field.unit = Some(unit);
        self
    }

    pub(crate) fn decimals(mut self, decimals: u8) -> Self {
        self.field.decimals = Some(decimals);
        self
    }

    pub(crate) fn min(mut self, min: f64) -> Self {
        self.field.min = Some(min);
        self
    }

    pub(crate) fn max(mut self, max: f64) -> Self {
        self.field.max = Some(max);
        self
    }

    /// Sets colours by value: `base`, then each step's colour from its value upwards.
    pub(crate) fn thresholds(mut self, base: &'static str, steps: &[Step]) -> Self {
        self.field.thresholds = Some((base, steps.to_vec()));
        self
    }

    /// Shows `text` in `colour` instead of `value`.
    pub(crate) fn word(
        mut self,
        value: &'static str,
        text: &'static str,
        colour: &'static str,
    ) -> Self {
        let of = Values::One(value);
        self.field.mappings.push(Mapping { of, text, colour });
        self
    }

    /// Shows `text` in `colour` instead of values from `from` up to `to`, or without upper bound.
    pub(crate) fn word_between(
        mut self,
        (from, to): (f64, Option<f64>),
        text: &'static str,
        colour: &'static str,
    ) -> Self {
        let of = Values::Between(from, to);
        self.field.mappings.push(Mapping { of, text, colour });
        self
    }

    /// Sets where the axis of a graph begins unless values are lower; the default is 0.
    pub(crate) fn soft_min(mut self, value: f64) -> Self {
        self.soft_min = Some(value);
        self
    }

    /// Shows `text` if there is no value.
    pub(crate) fn no_value(mut self, text: &'static str) -> Self {
        self.field.no_value = Some(text);
        self
    }

    pub(crate) fn link(mut self, link: Link) -> Self {
        self.field.links.push(link);
        self
    }

    pub(crate) fn palette(mut self, palette: Palette) -> Self {
        self.field.overrides.extend(palette.overrides());
        self
    }

    /// Overrides properties of the fields with this name.
    pub(crate) fn field(mut self, name: &str, properties: &Value) -> Self {
        self.field.overrides.push(json!({
            "matcher": { "id": "byName", "options": name },
            "properties": properties,
        }));
        self
    }

    /// Replaces the panel's links for the fields with this name.
    pub(crate) fn field_links(self, name: &str, links: &[Link]) -> Self {
        let links: Vec<_> = links.iter().map(Link::to_json).collect();
        self.field(name, &json!([{ "id": "links", "value": links }]))
    }

    pub(crate) fn transform(mut self, id: &str, options: &Value) -> Self {
        self.transformations
            .push(json!({ "id": id, "options": options }));
        self
    }

    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    pub(crate) fn is_in(&self, stage: Stage) -> bool {
        self.since <= stage && self.until.is_none_or(|until| stage <= until)
    }

    /// The first stage that has the panel.
    pub(crate) fn first_stage(&self) -> Stage {
        self.since
    }

    /// Removes the queries for data that `stage` does not have.
    pub(crate) fn only(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self.targets.retain(|(since, _)| *since <= stage);
        self
    }

    /// Renders the panel. `place` is its number among the panels.
    pub(crate) fn to_json(&self, place: usize, position: GridPosition) -> Value {
        let mut json = json!({
            "id": self.id.unwrap_or(place),
            "type": self.viz.id(),
            "title": self.title,
            "description": self.description,
            "gridPos": position.to_json(),
            "fieldConfig": self.settings().to_json(self.custom(), self.viz.colour()),
            "options": self.viz.options(&Shape {
                instant: self.is_instant(),
                unit: self.field.unit,
                width: position.width,
                figures: self.names_each_series(),
                stage: self.stage,
            }),
        });
        if let Some((_, first)) = self.targets.first() {
            json["datasource"] = datasource(first.datasource());
            let targets = self.targets.iter().zip('A'..);
            let targets: Vec<_> = targets.map(|((_, t), letter)| t.to_json(letter)).collect();
            json["targets"] = targets.into();
        }
        if let Some(interval) = self.interval {
            json["interval"] = interval.into();
        }
        if !self.transformations.is_empty() {
            json["transformations"] = self.transformations.clone().into();
        }
        json
    }

    /// The field settings, including those implied by the kind of panel.
    fn settings(&self) -> Field {
        let mut field = self.field.clone();
        let legends = self
            .targets
            .iter()
            .filter_map(|(_, target)| target.legend());
        let mostly_unused = |legend: &str| MOSTLY_UNUSED.iter().any(|label| legend.contains(label));
        if self.viz.is_graph() && legends.into_iter().any(mostly_unused) {
            field.overrides.push(hide_zeros());
        }
        field
    }

    fn custom(&self) -> Value {
        let mut custom = self.viz.custom();
        if self.viz.is_graph() {
            custom["axisSoftMin"] = self.soft_min.unwrap_or_default().into();
            custom["axisSoftMax"] = self.field.unit.and_then(quiet_top).into();
        }
        custom
    }

    /// Whether the legend consists of a few fixed names rather than a label's values.
    fn names_each_series(&self) -> bool {
        let mut legends = self.targets.iter().map(|(_, target)| target.legend());
        legends.all(|legend| legend.is_some_and(|legend| !legend.contains("{{")))
    }

    fn is_instant(&self) -> bool {
        self.targets.iter().all(|(_, target)| target.is_instant())
    }
}
