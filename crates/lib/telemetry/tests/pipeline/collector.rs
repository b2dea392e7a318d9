//! A collector that answers as it is told, and keeps what it got.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::runtime::Runtime;

use crate::support::serve;

/// One on a runtime of its own, so that it also takes what is flushed last.
pub(crate) struct Collector {
    pub(crate) url: String,
    exports: Arc<Mutex<Vec<Export>>>,
    _runtime: Runtime,
}

/// A request to it.
#[derive(Clone)]
pub(crate) struct Export {
    pub(crate) headers: HeaderMap,
    pub(crate) request: ExportTraceServiceRequest,
}

impl Collector {
    /// One that takes everything, at `/v1/traces`.
    pub(crate) fn new() -> Self {
        Self::answering(|_| ())
    }

    /// One whose answers to the first, second... export are made by `answer`, which counts from 0.
    pub(crate) fn answering<A: IntoResponse>(
        answer: impl Fn(usize) -> A + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::at("/v1/traces", answer)
    }

    /// [`answering`](Self::answering) at another path.
    pub(crate) fn at<A: IntoResponse>(
        path: &str,
        answer: impl Fn(usize) -> A + Clone + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().expect("threads");
        let exports = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&exports);
        let take = move |headers: HeaderMap, body: Bytes| async move {
            keep(&kept, headers, &body, &answer)
        };
        let url = serve(&runtime, Router::new().route(path, post(take)));
        Self {
            url,
            exports,
            _runtime: runtime,
        }
    }

    /// What it got so far.
    pub(crate) fn exports(&self) -> Vec<Export> {
        self.exports.lock().expect("no panic").clone()
    }

    /// The spans that it got so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let exports = self.exports().into_iter();
        let resources = exports.flat_map(|export| export.request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

fn keep<A: IntoResponse>(
    kept: &Mutex<Vec<Export>>,
    headers: HeaderMap,
    body: &[u8],
    answer: impl Fn(usize) -> A,
) -> Response {
    let request = ExportTraceServiceRequest::decode(body).expect("an export");
    let mut kept = kept.lock().expect("no panic");
    let answer = answer(kept.len()).into_response();
    kept.push(Export { headers, request });
    answer
}

/// An id in hexadecimal digits.
pub(crate) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of an attribute.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}
