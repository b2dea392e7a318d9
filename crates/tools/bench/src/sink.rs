//! A collector that counts spans and bytes, and keeps nothing: the cost of storing spans is not
//! measured here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use prost::Message;
use tokio::net::TcpListener;

/// What has arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sink {
    counts: Arc<Counts>,
    url: String,
}

#[derive(Debug, Default)]
struct Counts {
    spans: AtomicU64,
    bytes: AtomicU64,
}

impl Sink {
    /// Starts one on a free port. It ends with the runtime.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let sink = Self {
            url: format!("http://{address}"),
            ..Self::default()
        };
        let app = Router::new()
            .route("/v1/traces", post(receive))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&sink.counts));
        tokio::spawn(axum::serve(listener, app).into_future());
        sink
    }

    /// The flag that makes a program export to it.
    pub(crate) fn flag(&self) -> String {
        format!("--otlp-endpoint={}", self.url)
    }

    pub(crate) fn spans(&self) -> u64 {
        self.counts.spans.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }
}

async fn receive(State(counts): State<Arc<Counts>>, body: Bytes) -> impl IntoResponse {
    let bytes = body.len() as u64;
    let Ok(traces) = Traces::decode(body) else {
        return (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "text/plain")]);
    };
    let scopes = traces.resources.iter().flat_map(|it| &it.scopes);
    let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
    counts.spans.fetch_add(spans as u64, Ordering::Relaxed);
    counts.bytes.fetch_add(bytes, Ordering::Relaxed);
    (StatusCode::OK, [(CONTENT_TYPE, "application/x-protobuf")])
}

/// OTLP's `ExportTraceServiceRequest`, down to the spans, which are not decoded.
#[derive(Message)]
struct Traces {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<OfResource>,
}

#[derive(Message)]
struct OfResource {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<OfScope>,
}

#[derive(Message)]
struct OfScope {
    #[prost(bytes = "vec", repeated, tag = "2")]
    spans: Vec<Vec<u8>>,
}
