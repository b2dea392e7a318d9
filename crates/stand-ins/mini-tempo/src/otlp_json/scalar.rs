//! Numbers, enums and ids, which OTLP/JSON writes in more than one way.

use std::fmt::Display;
use std::str::FromStr;

use opentelemetry_proto::tonic::trace::v1::{self as trace, span};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A number, or a string that contains one.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number")]
enum Number<T> {
    Plain(T),
    Text(String),
}

/// A number, possibly as a string: `"18446744073709551615"`, `"NaN"`.
pub(super) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + FromStr<Err: Display>,
{
    match Option::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Plain(number)) => Ok(Some(number)),
        Some(Number::Text(text)) => text.parse().map(Some).map_err(D::Error::custom),
    }
}

/// A number, possibly as a string; 0 for null.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    optional(deserializer).map(Option::unwrap_or_default)
}

/// An enum: its number, or its name, which the Collector accepts too.
fn enumeration<'de, D: Deserializer<'de>>(
    deserializer: D,
    of_name: impl Fn(&str) -> Option<i32>,
) -> Result<i32, D::Error> {
    match Option::deserialize(deserializer)? {
        None => Ok(0),
        Some(Number::Plain(number)) => Ok(number),
        Some(Number::Text(name)) => {
            of_name(&name).ok_or_else(|| D::Error::custom(format!("unknown name {name:?}")))
        }
    }
}

pub(super) fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, |name| {
        span::SpanKind::from_str_name(name).map(i32::from)
    })
}

pub(super) fn status_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    enumeration(deserializer, |name| {
        trace::status::StatusCode::from_str_name(name).map(i32::from)
    })
}

/// An id of any length; its validity is checked later, as for protobuf.
pub(super) fn hexadecimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let text = text.unwrap_or_default();
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() % 2 == 0) else {
        return Err(D::Error::custom("an id is not hexadecimal"));
    };
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| high << 4 | low);
    Ok(bytes.map(|byte| byte.to_le_bytes()[0]).collect())
}
