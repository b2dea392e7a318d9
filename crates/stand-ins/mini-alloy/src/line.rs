//! Which lines are usage lines, and what of them is sent.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where a line belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// To the usage-sink; it was taken.
    Usage,
    /// To wherever all other lines go; it was not taken.
    Operational,
}

/// A usage line on its way.
#[derive(Debug)]
pub(crate) struct Record {
    time: OffsetDateTime,
    line: String,
}

impl Record {
    /// A record of `line`, if it is a usage line.
    pub(crate) fn of_usage(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
        let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let usage = fields.get("usage")?;
        if usage != &Value::Bool(true) && usage != "true" {
            return None;
        }
        let own = fields.get("timestamp").and_then(Value::as_str);
        let own = own.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        Some(Self {
            // A line that does not say when it was written counts as written when it was read.
            time: own.unwrap_or_else(OffsetDateTime::now_utc),
            line: line.to_owned(),
        })
    }

    /// The length of its line.
    pub(crate) fn bytes(&self) -> usize {
        self.line.len()
    }
}

/// The records as an OTLP `ExportLogsServiceRequest`.
pub(crate) fn export_request<'a>(records: impl Iterator<Item = &'a Record>) -> Value {
    let chains: Vec<_> = records
        .map(|Record { time, line }| {
            let record = json!({
                // 64-bit integers are strings in protobuf's JSON.
                "timeUnixNano": time.unix_timestamp_nanos().to_string(),
                "body": { "stringValue": line },
            });
            json!({ "resource": {}, "scopeLogs": [{ "scope": {}, "logRecords": [record] }] })
        })
        .collect();
    json!({ "resourceLogs": chains })
}
