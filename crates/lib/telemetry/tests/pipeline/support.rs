//! A pipeline, what it logs, and what its metrics say.

use std::fs::File;
use std::io::{IsTerminal, Read, Seek};
use std::os::fd::AsFd;

use axum::Router;
use axum::http::Request;
use axum::http::request::Builder;
use axum::response::Response;
use clap::Parser;
use serde_json::Value;
use telemetry::http::{Admission, Limits, Route, instrument};
use telemetry::metrics::Registry;
use telemetry::{Service, Settings, Telemetry};
use testkit::{Metrics, becomes, eventually};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower::ServiceExt;
use tracing::dispatcher::with_default;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    telemetry: Settings,
}

pub(crate) const SERVICE: Service = Service {
    name: "observed",
    version: "1.2.3",
};

/// A pipeline with a server of its metrics.
pub(crate) struct Pipeline {
    telemetry: Telemetry,
    registry: Registry,
    metrics: String,
    runtime: Runtime,
    log: File,
}

impl Pipeline {
    /// One that exports a span at a time to the collector at `otlp`.
    pub(crate) fn to(otlp: &str, flags: &[&str]) -> Self {
        let log = tempfile::tempfile().expect("a file");
        let otlp = format!("--otlp-endpoint={otlp}");
        let flags = [&[&*otlp, "--span-batch-size=1"], flags].concat();
        Self::writing_to(&log.try_clone().expect("a file"), log, &flags)
    }

    /// One that exports nothing and writes its lines to `output`.
    pub(crate) fn writing(output: &(impl AsFd + IsTerminal)) -> Self {
        let unused = tempfile::tempfile().expect("a file");
        Self::writing_to(output, unused, &["--otel-disabled"])
    }

    fn writing_to(output: &(impl AsFd + IsTerminal), log: File, flags: &[&str]) -> Self {
        let arguments = ["observed"].iter().chain(flags);
        let settings = Flags::parse_from(arguments).telemetry;
        let telemetry = telemetry::scoped(SERVICE, &settings, output).expect("telemetry");
        let registry = telemetry::metrics::registry(SERVICE, telemetry.losses());
        let runtime = Runtime::new().expect("threads");
        let app = Router::new();
        let admission = Admission::new(&registry, Limits::default());
        let app = instrument(app, &registry, &[], &admission);
        let metrics = format!("{}/metrics", serve(&runtime, app));
        Self {
            telemetry,
            registry,
            metrics,
            runtime,
            log,
        }
    }

    /// Runs `work` observed by this pipeline.
    pub(crate) fn observe<T>(&self, work: impl FnOnce() -> T) -> T {
        with_default(self.telemetry.subscriber(), work)
    }

    /// Makes `count` spans, one after the other.
    pub(crate) fn make_spans(&self, count: usize) {
        self.observe(|| {
            for _ in 0..count {
                tracing::info_span!("work").in_scope(|| {});
            }
        });
    }

    /// Makes `count` lines.
    pub(crate) fn make_lines(&self, count: usize) {
        self.observe(|| {
            for number in 0..count {
                tracing::info!(number, "Something happened");
            }
        });
    }

    /// Handles a GET of `uri` by a route `/{page}` of an observed router.
    pub(crate) fn handle(&self, uri: &str, with: impl FnOnce(Builder) -> Builder) -> Response {
        let registry = Registry::new();
        let admission = Admission::new(&registry, Limits::default());
        let own = Router::new().route("/{page}", axum::routing::get(|| async { "a page" }));
        let routes = [Route::new("/{page}", &[200])];
        let app = instrument(own, &registry, &routes, &admission);
        let request = with(Request::get(uri)).body(axum::body::Body::empty());
        let answer = app.oneshot(request.expect("a request"));
        self.observe(|| self.runtime.block_on(answer))
            .expect("an answer")
    }

    /// What `/metrics` says.
    pub(crate) fn metrics(&self) -> Metrics {
        self.runtime.block_on(Metrics::scrape(&self.metrics))
    }

    /// The spans that were exported, rejected, failed and dropped.
    pub(crate) fn outcomes(&self) -> [f64; 4] {
        outcomes(&self.metrics())
    }

    /// Waits until the spans that came to any end are `settled`; [`outcomes`](Self::outcomes) then.
    pub(crate) fn settled(&self, settled: f64) -> [f64; 4] {
        self.runtime
            .block_on(eventually("spans to be settled", || async {
                let outcomes = outcomes(&Metrics::scrape(&self.metrics).await);
                (outcomes.iter().sum::<f64>() >= settled).then_some(outcomes)
            }))
    }

    /// Waits until a series is `expected`.
    pub(crate) fn becomes(&self, name: &str, label: &str, expected: f64) {
        let value = || async { Metrics::scrape(&self.metrics).await.value(name, &[label]) };
        self.runtime.block_on(becomes(name, expected, value));
    }

    /// A registry of this pipeline's own losses.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Ends it; its lines.
    pub(crate) fn end(self) -> Vec<Value> {
        let text = self.end_with_text();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }

    /// Ends it; its lines as they were written.
    pub(crate) fn end_with_text(mut self) -> String {
        self.telemetry.shutdown();
        let mut text = String::new();
        self.log.rewind().expect("a file");
        self.log.read_to_string(&mut text).expect("text");
        text
    }
}

fn outcomes(metrics: &Metrics) -> [f64; 4] {
    ["exported", "rejected", "failed", "dropped"].map(|outcome| {
        let outcome = format!("outcome=\"{outcome}\"");
        metrics.value("telemetry_spans_total", &[&outcome])
    })
}

/// Serves `app` on a free port; its URL.
pub(crate) fn serve(runtime: &Runtime, app: Router) -> String {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    runtime.spawn(axum::serve(listener, app).into_future());
    url
}

/// Those of a level.
pub(crate) fn of_level<'a>(lines: &'a [Value], level: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["level"] == level).collect()
}
