//! JSON or protobuf: the format of a trace, chosen as Tempo does.

use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, TracesData};
use prost::Message;
use signals::tempo::TraceByIdResponse;

use crate::json::{list, message, resource_spans};

const PROTOBUF: &str = "application/protobuf";

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

    /// The answer of `/api/traces/{id}`: `tempopb.Trace`, which has the wire format of OTLP's
    /// `TracesData`.
    pub(super) fn v1(self, resource_spans: Vec<ResourceSpans>) -> Response {
        match self {
            Self::Json => Json(message([("batches", batches(&resource_spans))])).into_response(),
            Self::Protobuf => protobuf(&TracesData { resource_spans }),
        }
    }

    /// The answer of `/api/v2/traces/{id}`: `tempopb.TraceByIDResponse`, whose status always has
    /// its default, COMPLETE.
    pub(super) fn v2(self, resource_spans: Vec<ResourceSpans>) -> Response {
        match self {
            Self::Json => {
                let trace = message([("resourceSpans", batches(&resource_spans))]);
                Json(message([("trace", trace), ("metrics", message([]))])).into_response()
            }
            Self::Protobuf => protobuf(&TraceByIdResponse {
                trace: Some(TracesData { resource_spans }),
                metrics: Some(()),
                ..TraceByIdResponse::default()
            }),
        }
    }
}

fn batches(batches: &[ResourceSpans]) -> serde_json::Value {
    list(batches, resource_spans)
}

fn protobuf(message: &impl Message) -> Response {
    ([(CONTENT_TYPE, PROTOBUF)], message.encode_to_vec()).into_response()
}
