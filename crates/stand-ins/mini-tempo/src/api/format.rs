//! JSON or protobuf: the format of a trace, chosen as Tempo does.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::{Span, answer, json};

const PROTOBUF: &str = "application/protobuf";
const JSON: &str = "application/json";

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON as written by gogo's jsonpb; the default.
    Json,
    /// Protobuf, which Grafana and programs request.
    Protobuf,
}

impl Format {
    /// The format that `Accept` names. As in Tempo, the name can be anywhere in the header's first
    /// value, whatever its weight.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        match accept {
            Some(accept) if accept.contains(PROTOBUF) => Self::Protobuf,
            _ => Self::Json,
        }
    }

    /// The answer of `/api/traces/{id}`: `tempopb.Trace`.
    pub(super) fn v1(self, spans: &[Span]) -> Response {
        self.response(answer::trace(spans), json::trace_v1)
    }

    /// The answer of `/api/v2/traces/{id}`: `tempopb.TraceByIDResponse`.
    pub(super) fn v2(self, spans: &[Span]) -> Response {
        let message = answer::trace_by_id(&answer::trace(spans));
        self.response(message, json::trace_v2)
    }

    fn response(self, message: Vec<u8>, to_json: impl Fn(&[u8]) -> String) -> Response {
        match self {
            Self::Json => ([(CONTENT_TYPE, JSON)], to_json(&message)).into_response(),
            Self::Protobuf => ([(CONTENT_TYPE, PROTOBUF)], message).into_response(),
        }
    }
}
