//! A mini-tempo on free ports, and a client for the receiver and the API.

use std::net::SocketAddr;

use axum::Router;
use mini_tempo::{Bounds, Store};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use signals::exposition::{Exposition, Sample};
use tokio::net::TcpListener;

/// The receiver and the API, served until the test's runtime ends.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) client: Client,
    pub(crate) otlp: String,
    api: String,
}

impl Server {
    pub(crate) async fn start(max_spans: usize) -> Self {
        Self::serve(Store::new(max_spans)).await
    }

    /// Starts a server with room for any number of spans in `max_bytes`.
    pub(crate) async fn with_room(max_bytes: usize) -> Self {
        Self::serve(Store::bounded(Bounds {
            spans: usize::MAX,
            bytes: max_bytes,
        }))
        .await
    }

    pub(crate) async fn serve(store: Store) -> Self {
        let otlp = serve(mini_tempo::receiver(store.clone())).await;
        let api = serve(mini_tempo::api(store.clone())).await;
        Self {
            store,
            client: testkit::client(),
            otlp: format!("http://{otlp}/v1/traces"),
            api: format!("http://{api}"),
        }
    }

    /// Sends spans as an exporter does and asserts that they are accepted.
    pub(crate) async fn export(&self, batches: Vec<ResourceSpans>) -> ExportTraceServiceResponse {
        let request = ExportTraceServiceRequest {
            resource_spans: batches,
        };
        let response = self
            .post("application/x-protobuf", request.encode_to_vec())
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/x-protobuf");
        let body = response.bytes().await.expect("a body");
        ExportTraceServiceResponse::decode(body).expect("an ExportTraceServiceResponse")
    }

    pub(crate) async fn post(&self, content_type: &str, body: Vec<u8>) -> Response {
        let request = self
            .client
            .post(&self.otlp)
            .header("content-type", content_type);
        request
            .body(body)
            .send()
            .await
            .expect("the receiver answers")
    }

    /// The URL of `path` in the API.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    pub(crate) async fn respond(&self, path: &str) -> Response {
        let request = self.client.get(self.url(path));
        request.send().await.expect("the API answers")
    }

    /// The value in `/metrics` of the series with this name and these labels.
    pub(crate) async fn metric(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let (_, text) = self.get("/metrics", &[]).await;
        let metrics: Exposition = text.parse().expect("the text format");
        let found: Vec<&Sample> = metrics.select(name, labels).collect();
        let [sample] = found[..] else {
            panic!("{name}{labels:?}: {text}");
        };
        sample.value as u64
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> (StatusCode, String) {
        let request = self.client.get(self.url(path)).query(query);
        let response = request.send().await.expect("the API answers");
        (response.status(), response.text().await.expect("a body"))
    }

    /// A GET that must succeed with JSON.
    pub(crate) async fn json(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let (status, body) = self.get(path, query).await;
        assert_eq!(status, StatusCode::OK, "{path} {query:?}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// The trace ids that a search returns, in order.
    pub(crate) async fn search(&self, query: &[(&str, &str)]) -> Vec<String> {
        let answer = self.json("/api/search", query).await;
        let traces = answer["traces"].as_array().expect("a list of traces");
        let id = |trace: &Value| trace["traceID"].as_str().expect("an id").to_owned();
        traces.iter().map(id).collect()
    }

    /// The text of a 400 answer.
    pub(crate) async fn refused(&self, query: &[(&str, &str)]) -> String {
        let (status, body) = self.get("/api/search", query).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query:?}: {body}");
        body
    }
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}
