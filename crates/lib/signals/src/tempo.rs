//! Traces from Tempo. <https://grafana.com/docs/tempo/latest/api_docs/>

mod trace;

use opentelemetry_proto::tonic::trace::v1::TracesData;
use serde::Deserialize;

use crate::reader::unreadable;
use crate::{AskError, Reader};

pub use trace::{Kind, Span, Trace};

/// A client for one Tempo or mini-tempo.
#[derive(Debug, Clone)]
pub struct Tempo(Reader);

/// `tempopb.TraceByIDResponse` of Tempo's `pkg/tempopb/tempo.proto`: the answer of
/// `/api/v2/traces/{id}` in protobuf. Public for stand-ins for Tempo.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TraceByIdResponse {
    /// `tempopb.Trace`, whose wire format is that of OTLP's `TracesData`; empty for an unknown id.
    #[prost(message, optional, tag = "1")]
    pub trace: Option<TracesData>,
    /// `tempopb.TraceByIDMetrics`, which is ignored.
    #[prost(message, optional, tag = "2")]
    pub metrics: Option<()>,
    /// `tempopb.PartialStatus`: 0 complete, 1 partial.
    #[prost(int32, tag = "3")]
    pub status: i32,
    /// Why the trace is partial.
    #[prost(string, tag = "4")]
    pub message: String,
}

/// A trace that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// 32 hexadecimal digits: the leading zeros that Tempo omits are restored.
    pub trace_id: String,
    /// The matching spans, up to the limit per trace.
    pub spans: Vec<FoundSpan>,
}

/// A span that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSpan {
    /// 16 hexadecimal digits.
    pub id: String,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
}

/// A search.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// TraceQL.
    pub query: &'a str,
    /// Seconds since 1970.
    pub start: u64,
    /// Seconds since 1970.
    pub end: u64,
    /// Maximum number of traces.
    pub limit: usize,
    /// Maximum number of spans per trace.
    pub spans: usize,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    traces: Vec<WireFound>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireFound {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(default)]
    span_sets: Vec<SpanSet>,
}

#[derive(Deserialize)]
struct SpanSet {
    #[serde(default)]
    spans: Vec<WireSpan>,
}

/// Protobuf's JSON: 64-bit numbers are strings, and 0 is omitted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSpan {
    #[serde(rename = "spanID")]
    id: String,
    start_time_unix_nano: String,
    #[serde(default)]
    duration_nanos: String,
}

impl Tempo {
    /// Reads through `reader`, whose base is the URL of Tempo.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// The spans that have arrived of the trace with that id, 1 to 32 hexadecimal digits; none if
    /// there are none, for which Tempo 3 answers 200 with an empty trace, and others 404.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn trace(&self, id: &str) -> Result<Option<Trace>, AskError> {
        let ask = self.0.get(&format!("/api/v2/traces/{id}"), &[]);
        let Some(answer) = AskError::found(ask.protobuf::<TraceByIdResponse>().await)? else {
            return Ok(None);
        };
        let trace = Trace::new(
            answer.trace.unwrap_or_default(),
            partial(answer.status, answer.message),
        );
        Ok(Some(trace).filter(|trace| !trace.spans.is_empty()))
    }

    /// The matching traces, newest first within the limits.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn search(&self, search: &Search<'_>) -> Result<Vec<Found>, AskError> {
        let [start, end] = [search.start, search.end].map(|time| time.to_string());
        let [limit, spans] = [search.limit, search.spans].map(|most| most.to_string());
        let parameters = [
            ("q", search.query),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("spss", &spans),
        ];
        let answer: Answer = self.0.get("/api/search", &parameters).json().await?;
        let traces = answer.traces.into_iter().map(WireFound::read);
        let traces: Option<Vec<Found>> = traces.collect();
        traces.ok_or_else(|| unreadable(self.0.base(), "a span's times are not numbers"))
    }
}

/// Why spans are missing; none if `PartialStatus` reports a complete trace.
fn partial(status: i32, message: String) -> Option<String> {
    match (status, message.as_str()) {
        (0, _) => None,
        (_, "") => Some("the trace store left spans out".to_owned()),
        _ => Some(message),
    }
}

impl WireFound {
    fn read(self) -> Option<Found> {
        let spans = self.span_sets.iter().flat_map(|set| &set.spans);
        Some(Found {
            trace_id: format!("{:0>32}", self.trace_id),
            spans: spans.map(WireSpan::read).collect::<Option<_>>()?,
        })
    }
}

impl WireSpan {
    fn read(&self) -> Option<FoundSpan> {
        let start: u64 = self.start_time_unix_nano.parse().ok()?;
        let duration = match self.duration_nanos.as_str() {
            "" => 0,
            duration => duration.parse().ok()?,
        };
        Some(FoundSpan {
            id: format!("{:0>16}", self.id),
            start,
            end: start.saturating_add(duration),
        })
    }
}
