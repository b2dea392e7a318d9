//! How values are shown: unit, decimals, bounds, thresholds, names for values, links, colours.

use serde_json::{Map, Value, json};

use super::link::Link;

/// A colour from a value upwards.
pub(crate) type Step = (f64, &'static str);

/// The settings of a panel's values, and their exceptions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    pub(crate) unit: Option<&'static str>,
    pub(crate) decimals: Option<u8>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// The colour of the smallest values, and those of larger ones, ascending.
    pub(crate) thresholds: Option<(&'static str, Vec<Step>)>,
    /// Words for values, with their colours.
    pub(crate) mappings: Vec<(&'static str, &'static str, &'static str)>,
    pub(crate) links: Vec<Link>,
    /// What to show where there is nothing to compute from.
    pub(crate) no_value: Option<&'static str>,
    pub(crate) overrides: Vec<Value>,
}

impl Field {
    /// Grafana's `fieldConfig`. `custom` and `colour_mode` depend on the kind of panel.
    pub(crate) fn to_json(&self, custom: Value, colour_mode: &str) -> Value {
        let mut defaults = Map::new();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                defaults.insert(key.to_owned(), value);
            }
        };
        set("color", Some(json!({ "mode": colour_mode })));
        set("custom", Some(custom));
        set("unit", self.unit.map(Value::from));
        set("decimals", self.decimals.map(Value::from));
        set("min", self.min.map(Value::from));
        set("max", self.max.map(Value::from));
        set("noValue", self.no_value.map(Value::from));
        set("thresholds", self.thresholds.as_ref().map(thresholds));
        set(
            "mappings",
            (!self.mappings.is_empty()).then(|| self.mappings()),
        );
        let links: Vec<_> = self.links.iter().map(Link::to_json).collect();
        set("links", (!links.is_empty()).then(|| Value::from(links)));
        json!({ "defaults": defaults, "overrides": self.overrides })
    }

    fn mappings(&self) -> Value {
        let words = self.mappings.iter().enumerate();
        let options: Map<_, _> = words
            .map(|(index, (value, text, colour))| {
                let shown = json!({ "text": text, "color": colour, "index": index });
                ((*value).to_owned(), shown)
            })
            .collect();
        json!([{ "type": "value", "options": options }])
    }
}

fn thresholds((base, steps): &(&'static str, Vec<Step>)) -> Value {
    let first = json!({ "value": null, "color": base });
    let others = steps
        .iter()
        .map(|(value, colour)| json!({ "value": value, "color": colour }));
    let steps: Vec<_> = std::iter::once(first).chain(others).collect();
    json!({ "mode": "absolute", "steps": steps })
}
