//! Recognises usage lines and converts them to log records.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The destination of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// usage-sink; the pipeline accepted the line.
    Usage,
    /// The destination of all other lines; the pipeline ignored the line.
    Operational,
}

/// A usage line to be sent.
#[derive(Debug)]
pub(crate) struct Record {
    time: OffsetDateTime,
    line: String,
}

impl Record {
    /// Creates a record if `line` is a usage line.
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
            // A line without a timestamp gets the time of reading.
            time: own.unwrap_or_else(OffsetDateTime::now_utc),
            line: line.to_owned(),
        })
    }

    /// The length of the line in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.line.len()
    }
}

/// Renders the records as an OTLP `ExportLogsServiceRequest`.
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
