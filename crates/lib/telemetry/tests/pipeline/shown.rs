//! Spans and lines as text, without what differs from run to run.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;

use crate::collector::hex;

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const PARENT: &str = "00f067aa0ba902b7";

/// The ids of one request in the order of their appearance.
#[derive(Default)]
pub(crate) struct Ids(HashMap<String, usize>);

impl Ids {
    /// A short name of an id: its number, or a word for those that a caller sent.
    fn short(&mut self, id: &str) -> String {
        assert!(
            id.bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')),
            "{id}"
        );
        match id {
            TRACE => "trace-of-the-caller".to_owned(),
            PARENT => "caller".to_owned(),
            "" => "none".to_owned(),
            _ => {
                let next = self.0.len() + 1;
                self.0.entry(id.to_owned()).or_insert(next).to_string()
            }
        }
    }

    /// A line as it is, but for its time, its ids and the duration of its request.
    pub(crate) fn line(&mut self, line: &str) -> String {
        let time = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        let (time_stamp, rest) =
            line.split_at(r#"{"timestamp":"2026-11-30T23:45:07.048872761Z"#.len());
        let time_stamp = String::from_utf8(time_stamp.bytes().map(time).collect()).expect("ASCII");
        let mut rest = rest.to_owned();
        for (name, length) in [("trace_id", 32), ("span_id", 16)] {
            rest = replaced(&rest, &format!("\"{name}\":\""), |value| {
                assert_eq!(value.find('"'), Some(length), "{line}");
                (length, self.short(&value[..length]))
            });
        }
        rest = replaced(&rest, "\"duration_ms\":", |value| {
            let length = value.find(',').expect("further fields");
            assert!(value[..length].parse::<f64>().is_ok(), "{line}");
            (length, "0.0".to_owned())
        });
        time_stamp + &rest
    }

    /// Every field of a span but its times.
    pub(crate) fn span(&mut self, span: &Span) -> String {
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
        let [trace, id, parent] =
            [&span.trace_id, &span.span_id, &span.parent_span_id].map(|id| self.short(&hex(id)));
        let attributes: Vec<_> = span.attributes.iter().map(attribute).collect();
        let status = span.status.clone().unwrap_or_default();
        let (events, links) = (span.events.len(), span.links.len());
        let text = format!(
            "span {id} of {trace}, parent {parent}: {:?} kind {} flags {:#x} state {:?} status {} {:?}\n  \
             {events} events, {links} links, {} dropped; {}",
            span.name,
            span.kind,
            span.flags,
            span.trace_state,
            status.code,
            status.message,
            span.dropped_attributes_count + span.dropped_events_count + span.dropped_links_count,
            attributes.join(" "),
        );
        text.trim_end().to_owned()
    }
}

/// `text`, in which `change` replaces what follows `key`; it gets the rest and returns the length
/// of what it replaces.
fn replaced(text: &str, key: &str, change: impl FnOnce(&str) -> (usize, String)) -> String {
    let Some((before, after)) = text.split_once(key) else {
        return text.to_owned();
    };
    let (length, value) = change(after);
    format!("{before}{key}{value}{}", &after[length..])
}

fn attribute(attribute: &KeyValue) -> String {
    let value = attribute
        .value
        .as_ref()
        .and_then(|value| value.value.as_ref());
    let value = match value {
        Some(any_value::Value::StringValue(text)) => format!("{text:?}"),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    format!("{}={value}", attribute.key)
}
