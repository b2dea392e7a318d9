//! The schema of flagd's file of flags, as far as it is used: states, variants and the default
//! variant. A variant is the strength of the fault, a number or a boolean; 0 and false are off.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::flags::Flags;

const SCHEMA: &str = "https://flagd.dev/schema/v0/flags.json";

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(rename = "$schema", default)]
    schema: String,
    #[serde(deserialize_with = "flags")]
    flags: Entries,
    /// Shared rules of targeting, which nothing refers to here.
    #[serde(rename = "$evaluators", default, skip_serializing)]
    _evaluators: Option<Map<String, Value>>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Serialize, Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    hidden: bool,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<u64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Document {
    /// A file that lists every fault.
    pub(crate) fn of(flags: &Flags) -> Self {
        let entries = Fault::ALL.map(|fault| (fault, Entry::of(fault, flags.strength(fault))));
        Self {
            schema: SCHEMA.to_owned(),
            flags: Entries(entries.into_iter().collect()),
            _evaluators: None,
            metadata: Metadata {
                hidden: flags.is_hidden(),
                lease: flags.lease(),
                others: Map::new(),
            },
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("the flags are JSON");
        text.push('\n');
        text
    }

    pub(crate) fn into_flags(self) -> Flags {
        let mut flags = Flags::default();
        for (fault, entry) in self.flags.0 {
            if let Some(strength) = entry.strength {
                // Checked when the entry was read.
                let _ = flags.switch_on(fault, Some(strength));
            }
        }
        flags.set_hidden(self.metadata.hidden);
        flags.set_lease(self.metadata.lease);
        flags
    }
}

struct Entries(BTreeMap<Fault, Entry>);

/// A flag as read: the strength that it gives its fault; or as written.
struct Entry {
    strength: Option<f64>,
    fault: Fault,
}

impl Entry {
    fn of(fault: Fault, strength: Option<f64>) -> Self {
        Self { strength, fault }
    }
}

impl Serialize for Entries {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let flags = self.0.iter().map(|(fault, entry)| (fault.name(), entry));
        serializer.collect_map(flags)
    }
}

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let on = self.strength.unwrap_or(self.fault.spec().strength.default);
        let variants = [
            ("off".to_owned(), Variant::Number(0.0)),
            ("on".to_owned(), Variant::Number(on)),
        ];
        let default = if self.strength.is_some() { "on" } else { "off" };
        let flag = Flag {
            state: State::Enabled,
            variants: variants.into(),
            default_variant: Some(default.to_owned()),
            targeting: None,
            metadata: None,
        };
        flag.serialize(serializer)
    }
}

/// One flag.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Flag {
    state: State,
    variants: BTreeMap<String, Variant>,
    #[serde(default)]
    default_variant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    targeting: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Enabled,
    Disabled,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(untagged, expecting = "a variant must be a number or a boolean")]
enum Variant {
    Number(f64),
    Switch(bool),
}

impl Flag {
    /// The strength that the flag gives `fault`; None if the fault is off.
    fn strength(&self, fault: Fault) -> Result<Option<f64>, String> {
        if self
            .targeting
            .as_ref()
            .is_some_and(|rules| !rules.is_empty())
        {
            return Err(format!(
                "{fault}: targeting is not supported; use defaultVariant"
            ));
        }
        let Some(name) = &self.default_variant else {
            return Ok(None);
        };
        let Some(variant) = self.variants.get(name) else {
            let names: Vec<&str> = self.variants.keys().map(String::as_str).collect();
            let names = names.join(", ");
            return Err(format!(
                "{fault}: defaultVariant {name:?} is not one of its variants ({names})"
            ));
        };
        let strength = match *variant {
            Variant::Switch(false) => return Ok(None),
            Variant::Number(0.0) => return Ok(None),
            Variant::Switch(true) => None,
            Variant::Number(strength) => Some(strength),
        };
        let checked = Flags::default().switch_on(fault, strength);
        let strength = checked.map_err(|error| error.to_string())?;
        Ok((self.state == State::Enabled).then_some(strength))
    }
}

/// Reads the map of flags, so that an error names its place.
fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
    deserializer.deserialize_map(EntriesVisitor)
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a flag for each fault")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let fault: Fault = name.parse().map_err(A::Error::custom)?;
            entries.insert(fault, map.next_value_seed(EntrySeed(fault))?);
        }
        Ok(Entries(entries))
    }
}

struct EntrySeed(Fault);

impl<'de> DeserializeSeed<'de> for EntrySeed {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        let flag = Flag::deserialize(deserializer)?;
        let strength = flag.strength(self.0).map_err(D::Error::custom)?;
        Ok(Entry {
            strength,
            fault: self.0,
        })
    }
}
