//! Attributes and their values.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Otlp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::list;
use super::scalar::optional;

/// An optional list of attributes.
pub(super) type Attributes = Option<Vec<KeyValue>>;

pub(super) fn attributes(attributes: Attributes) -> Vec<common::KeyValue> {
    list(attributes)
}

#[derive(Deserialize)]
#[serde(expecting = "an attribute")]
pub(super) struct KeyValue {
    key: Option<String>,
    value: Option<AnyValue>,
}

/// At most one of these fields is set; without any, the value is empty.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", expecting = "a value")]
struct AnyValue {
    #[serde(alias = "string_value")]
    string_value: Option<String>,
    #[serde(alias = "bool_value")]
    bool_value: Option<bool>,
    #[serde(alias = "int_value", deserialize_with = "optional")]
    int_value: Option<i64>,
    #[serde(alias = "double_value", deserialize_with = "optional")]
    double_value: Option<f64>,
    #[serde(alias = "array_value")]
    array_value: Option<Values<AnyValue>>,
    #[serde(alias = "kvlist_value")]
    kvlist_value: Option<Values<KeyValue>>,
    #[serde(alias = "bytes_value", deserialize_with = "base64")]
    bytes_value: Option<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with values")]
struct Values<T> {
    values: Option<Vec<T>>,
}

impl From<KeyValue> for common::KeyValue {
    fn from(json: KeyValue) -> Self {
        Self {
            key: json.key.unwrap_or_default(),
            value: json.value.map(common::AnyValue::from),
            key_strindex: 0,
        }
    }
}

impl From<AnyValue> for common::AnyValue {
    fn from(json: AnyValue) -> Self {
        let array = |array: Values<_>| {
            Otlp::ArrayValue(common::ArrayValue {
                values: list(array.values),
            })
        };
        let map = |map: Values<_>| {
            Otlp::KvlistValue(common::KeyValueList {
                values: list(map.values),
            })
        };
        let value = (json.string_value.map(Otlp::StringValue))
            .or_else(|| json.bool_value.map(Otlp::BoolValue))
            .or_else(|| json.int_value.map(Otlp::IntValue))
            .or_else(|| json.double_value.map(Otlp::DoubleValue))
            .or_else(|| json.array_value.map(array))
            .or_else(|| json.kvlist_value.map(map))
            .or_else(|| json.bytes_value.map(Otlp::BytesValue));
        Self { value }
    }
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let bytes = text.map(|text| STANDARD.decode(text));
    bytes.transpose().map_err(D::Error::custom)
}
