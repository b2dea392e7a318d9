//! How values are displayed: unit, decimals, bounds, thresholds, value names, links, colours.

use serde_json::{Map, Value, json};

use super::link::Link;

/// A colour from a value upwards.
pub(crate) type Step = (f64, &'static str);

/// A coloured text shown instead of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) of: Values,
    pub(crate) text: &'static str,
    pub(crate) colour: &'static str,
}

/// The values that a text replaces.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values {
    /// Exactly this value.
    One(&'static str),
    /// Values from the first up to the second, or without upper bound. The first matching text is
    /// shown.
    Between(f64, Option<f64>),
}

impl Mapping {
    fn to_json(self, index: usize) -> Value {
        let result = json!({ "text": self.text, "color": self.colour, "index": index });
        match self.of {
            Values::One(value) => json!({ "type": "value", "options": { value: result } }),
            Values::Between(from, to) => json!({
                "type": "range",
                "options": { "from": from, "to": to, "result": result },
            }),
        }
    }
}

/// The settings of a panel's values, and overrides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    pub(crate) unit: Option<&'static str>,
    pub(crate) decimals: Option<u8>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// The colour of the smallest values, and those of larger ones, in ascending order.
    pub(crate) thresholds: Option<(&'static str, Vec<Step>)>,
    /// Texts that replace values, with their colours.
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) links: Vec<Link>,
    /// The text shown if there is no value.
    pub(crate) no_value: Option<&'static str>,
    pub(crate) overrides: Vec<Value>,
}

impl Field {
    /// Renders Grafana's `fieldConfig`. `custom` and `colour` depend on the kind of panel.
    pub(crate) fn to_json(&self, custom: Value, colour: Value) -> Value {
        let mut defaults = Map::new();
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                defaults.insert(key.to_owned(), value);
            }
        };
        set("color", Some(colour));
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
        words.map(|(index, word)| word.to_json(index)).collect()
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
