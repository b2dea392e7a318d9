//! `tags=` of a search: logfmt, `service.name=frontend http.route=/roll`.
//!
//! As in Tempo's block search: every tag must be on some span of the trace or its resource, not all on the same one. `name`,
//! `service.name`, `root.name` and `root.service.name` match as a part of the text, everything else as a whole.
//! Numbers and truth values compare by their text, where Tempo looks only at string attributes.

use crate::{Span, Status, Trace, Value, quoted};

/// The tags that a trace must have; none match every trace.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Tags(Vec<(String, String)>);

impl Tags {
    /// Reads logfmt; the error completes "invalid tags: ".
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut tags: Vec<(String, String)> = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (key, tail) = key(rest)?;
            let (value, tail) = value(tail)?;
            if tags.iter().any(|(known, _)| known == key) {
                return Err(format!("tag {key} has been set twice"));
            }
            tags.push((key.to_owned(), value));
            rest = tail.trim_start();
        }
        Ok(Self(tags))
    }

    pub(crate) fn match_trace(&self, trace: &Trace) -> bool {
        self.0.iter().all(|(key, wanted)| has(trace, key, wanted))
    }
}

fn key(text: &str) -> Result<(&str, &str), String> {
    let end = text.find(|c: char| c == '=' || c == '"' || c.is_whitespace());
    let (key, rest) = text.split_at(end.unwrap_or(text.len()));
    match (key, rest.chars().next()) {
        ("", _) => Err("a tag has no name".to_owned()),
        (key, Some('"')) => Err(format!("unexpected '\"' after {key}")),
        (key, _) => Ok((key, rest)),
    }
}

/// The value after a key: nothing, `=text` or `="quoted text"`.
fn value(text: &str) -> Result<(String, &str), String> {
    let Some(text) = text.strip_prefix('=') else {
        return Ok((String::new(), text));
    };
    if text.starts_with('"') {
        let (value, length) = quoted::take(text).ok_or("unterminated or invalid quoted value")?;
        return Ok((value, &text[length..]));
    }
    let (value, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    if value.contains(['=', '"']) {
        return Err(format!("put the value {value} in quotes"));
    }
    Ok((value.to_owned(), rest))
}

fn has(trace: &Trace, key: &str, wanted: &str) -> bool {
    let root = trace.root();
    let any = |test: &dyn Fn(&Span) -> bool| trace.spans().iter().any(|span| test(span));
    match key {
        "root.name" => root.is_some_and(|root| root.name().contains(wanted)),
        "root.service.name" => root.is_some_and(|root| root.service().contains(wanted)),
        "service.name" => any(&|span| span.service().contains(wanted)),
        "name" => any(&|span| span.name().contains(wanted)),
        "status.code" => any(&|span| Status::from_keyword(wanted) == Some(span.status())),
        _ => any(&|span| {
            let values = [span.attribute(key), span.resource_attribute(key)];
            values
                .into_iter()
                .flatten()
                .any(|value| reads(value, wanted))
        }),
    }
}

fn reads(value: Value<'_>, wanted: &str) -> bool {
    match value {
        Value::Text(text) => text == wanted,
        Value::Int(number) => number.to_string() == wanted,
        Value::Float(number) => number.to_string() == wanted,
        Value::Bool(truth) => truth.to_string() == wanted,
    }
}
