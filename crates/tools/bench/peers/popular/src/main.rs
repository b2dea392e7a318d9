//! die-service's answer with telemetry from the crates that most axum services use: one SERVER span by
//! `axum-tracing-opentelemetry`, RED metrics by `axum-prometheus`, one JSON line by `tracing-subscriber`
//! through `tracing-appender`, spans by `opentelemetry-otlp` in the SDK's batches.

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use axum_prometheus::PrometheusMetricLayer;
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use dice::{Catalogue, Die};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(serde::Deserialize)]
struct Lookup {
    identifier: String,
}

/// Serves until SIGTERM, then flushes spans and lines. The flags are die-service's.
fn main() -> Result<(), Box<dyn Error>> {
    let (lines, _written_when_dropped) = tracing_appender::non_blocking(std::io::stdout());
    let spans = match flag("--otlp-endpoint=") {
        Some(endpoint) => Some(spans(&endpoint)?),
        None => None,
    };
    subscribe(lines, spans.as_ref());
    tokio::runtime::Runtime::new()?.block_on(serve())?;
    if let Some(spans) = spans {
        spans.shutdown()?;
    }
    Ok(())
}

/// The value of a flag of this process.
fn flag(name: &str) -> Option<String> {
    env::args().find_map(|argument| argument.strip_prefix(name).map(str::to_owned))
}

/// Batches to `endpoint`, of the share of traces that `--traces-sampler-arg` names.
fn spans(endpoint: &str) -> Result<SdkTracerProvider, Box<dyn Error>> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .build()?;
    let share = flag("--traces-sampler-arg=").map_or(Ok(1.0), |share| share.parse())?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
    let resource = Resource::builder().with_service_name("popular").build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource);
    Ok(provider.build())
}

/// Each layer sees only what it needs. Log lines therefore have no trace id: a JSON layer that sees the
/// middleware's spans formats each of their fields, and a request costs twice as many instructions.
fn subscribe(lines: NonBlocking, spans: Option<&SdkTracerProvider>) {
    let json = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(lines)
        .with_filter(LevelFilter::INFO);
    let tracer = spans.map(|spans| spans.tracer("popular"));
    // The middleware's spans are at level TRACE of this target.
    let spans_only = Targets::new().with_target("otel::tracing", LevelFilter::TRACE);
    let traces = tracer.map(|tracer| {
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        layer.with_filter(spans_only)
    });
    tracing_subscriber::registry()
        .with(json)
        .with(traces)
        .init();
}

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (metrics, exposition) = PrometheusMetricLayer::pair();
    let app = Router::new()
        .route("/dice", get(find))
        .layer(OtelAxumLayer::default())
        .layer(metrics)
        .route("/metrics", get(|| async move { exposition.render() }))
        .with_state(Arc::new(Catalogue::embedded()));
    println!(r#"{{"message":"Listening","address":"{address}"}}"#);
    let mut stop = signal(SignalKind::terminate())?;
    let stopped = async move {
        stop.recv().await;
    };
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped)
        .await
}

async fn find(State(dice): State<Arc<Catalogue>>, Query(query): Query<Lookup>) -> Json<Die> {
    let die = dice.get(&query.identifier);
    tracing::info!(
        die_identifier = query.identifier,
        die_found = true,
        "Die found"
    );
    Json(die.expect("only known dice are requested"))
}
