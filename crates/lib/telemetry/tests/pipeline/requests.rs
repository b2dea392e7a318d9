//! The SERVER span and the log lines of requests, field by field: those who read them do not notice
//! when the code that makes them changes. `requests.txt` has what is expected.

use std::fmt::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use prometheus::proto::{LabelPair, MetricFamily};
use telemetry::http::{Admission, Limits, Route, instrument};
use telemetry::metrics::Registry;
use telemetry::{set_attribute, trace_id, traceresponse};
use tower::ServiceExt;
use tracing::{Instrument, info_span};

use crate::collector::Collector;
use crate::shown::{Ids, PARENT, TRACE};
use crate::support::Pipeline;

const ROUTES: [&str; 7] = [
    "/{page}", "/fields", "/missing", "/broken", "/panics", "/waits", "/nested",
];

fn own() -> Router {
    let page = || async {
        tracing::info!(count = 1, "Page made");
        let parts = traceresponse().and_then(|it| Some((it, trace_id()?)));
        assert!(parts.is_none_or(|(response, trace)| response.contains(&trace)));
    };
    let missing = || async {
        tracing::warn!("Nothing here");
        StatusCode::NOT_FOUND
    };
    let broken = || async {
        tracing::error!("Broken");
        StatusCode::BAD_GATEWAY
    };
    Router::new()
        .route("/{page}", get(page))
        .route("/fields", get(async || fields()))
        .route("/missing", get(missing))
        .route("/broken", get(broken))
        .route("/panics", get(|| async { panic!("on purpose") as &str }))
        .route("/waits", get(std::future::pending::<()>))
        .route("/nested", get(nested))
}

/// Logs a field of each kind.
fn fields() {
    tracing::info!(yes = true, no = false, none = None::<u8>, "Booleans");
    tracing::info!(zero = 0, least = i64::MIN, most = i64::MAX, "Signed");
    tracing::info!(small = 7_u8, most = u64::MAX, huge = u128::MAX, "Unsigned");
    tracing::info!(
        whole = 1.0,
        part = 0.1,
        large = 1e300,
        small = -1e-7,
        "Floats"
    );
    tracing::info!(nan = f64::NAN, infinite = f64::INFINITY, "No numbers");
    tracing::info!(empty = "", plain = "fair", quoted = "\"a\\b\"", "Texts");
    tracing::info!(
        text = "\u{0}\u{1f}\n\r\t\u{8}\u{c}\u{7f}/<é☃\u{2028}🎲",
        "Odd \"letters\"\n"
    );
    tracing::info!(debug = ?Some("a\n"), display = %"b\"", "dotted.name" = 1, r#type = "x", "Names");
    let error = std::io::Error::other("cause \"x\"");
    let error: &(dyn std::error::Error + 'static) = &error;
    tracing::info!(
        error,
        debug = debug(1.5),
        display = display(2),
        bytes = &b"\x00ab"[..]
    );
    tracing::info!("{} and {:>3}", "formatted", 5);
}

async fn nested() -> &'static str {
    set_attribute("die.identifier", "fair");
    set_attribute("die.found", true);
    tracing::info!("In the handler");
    let inner = async {
        set_attribute("inner", 1);
        tracing::info!("In the inner span");
        let task = async { tracing::info!("In a task of the inner span") };
        task.in_current_span().await;
        info_span!("innermost").in_scope(|| {});
    };
    let span = info_span!("inner", otel.kind = "client");
    inner.instrument(span).await;
    tracing::info!("In the handler again");
    "done"
}

/// Appends what a request left behind: what was counted, its lines, its spans. Its client leaves if
/// there is no answer at once.
fn record(record: &mut String, flags: &[&str], request: Request<Body>, spans: f64) {
    let _ = writeln!(
        record,
        "\n# {} {} {flags:?}",
        request.method(),
        request.uri()
    );
    for (name, value) in request.headers() {
        let _ = writeln!(record, "{name}: {}", value.to_str().expect("text"));
    }
    let collector = Collector::new();
    let pipeline = Pipeline::to(&collector.url, flags);
    let registry = Registry::new();
    let admission = Admission::new(&registry, Limits::default());
    let routes = ROUTES.map(|route| Route::new(route, &[200]));
    let app = instrument(own(), &registry, &routes, &admission);
    let status = pipeline.observe(|| {
        let answer = pin!(app.oneshot(request));
        match answer.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer.expect("an answer").status().to_string(),
            Poll::Pending => "the client left".to_owned(),
        }
    });
    pipeline.settled(spans);
    let lines = pipeline.end_with_text();
    let _ = writeln!(record, "{status}, counted: {}", counted(&registry));
    let mut ids = Ids::default();
    for line in lines
        .lines()
        .filter(|line| !line.contains("Spans exported"))
    {
        let _ = writeln!(record, "{}", ids.line(line));
    }
    for span in collector.spans() {
        let _ = writeln!(record, "{}", ids.span(&span));
    }
}

/// The labels of requests that were counted.
fn counted(registry: &Registry) -> String {
    let families = registry.gather();
    let requests = families
        .iter()
        .filter(|family| family.name() == "http_requests_total");
    let series = requests.flat_map(MetricFamily::get_metric);
    let counted = series.filter(|series| series.get_counter().get_value() > 0.0);
    let labels = counted.map(|series| {
        let labels = series.get_label().iter().map(LabelPair::value);
        labels.collect::<Vec<_>>().join(" ")
    });
    labels.collect::<Vec<_>>().join(", ")
}

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri);
    let with = |request: axum::http::request::Builder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    let request = headers.iter().fold(request, with);
    request.body(Body::empty()).expect("a request")
}

#[test]
fn spans_and_lines_of_requests_are_as_ever() {
    let mut seen = String::new();
    for (method, uri, headers) in [
        ("GET", "/page?a=b&sig=c", &[("user-agent", "test/1")][..]),
        ("GET", "/missing", &[]),
        ("GET", "/broken", &[]),
        ("GET", "/panics", &[]),
        ("GET", "/waits", &[]),
        ("GET", "/no/such/route", &[]),
        ("BREW", "/page", &[]),
        ("POST", "/page", &[]),
        ("HEAD", "/page", &[]),
        ("GET", "/fields", &[]),
    ] {
        record(&mut seen, &[], request(method, uri, headers), 1.0);
    }
    for flags in ["01", "00", "03", "ff"] {
        let parent = format!("00-{TRACE}-{PARENT}-{flags}");
        let headers = [("traceparent", &*parent), ("tracestate", "a=1")];
        let spans = if flags == "00" { 0.0 } else { 3.0 };
        record(&mut seen, &[], request("GET", "/nested", &headers), spans);
    }
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let parent = [("traceparent", &*parent), ("tracestate", "a=1")];
    for (flag, with_parent) in [
        ("--otel-disabled", 0.0),
        ("--traces-exporter=none", 0.0),
        ("--traces-sampler-arg=0", 3.0),
        ("--traces-sampler=always_off", 0.0),
    ] {
        record(
            &mut seen,
            &[flag],
            request("GET", "/nested", &parent),
            with_parent,
        );
        record(&mut seen, &[flag], request("GET", "/nested", &[]), 0.0);
    }
    let debug = "--log=info,telemetry=debug";
    record(&mut seen, &[debug], request("GET", "/page", &[]), 1.0);
    assert!(
        seen == include_str!("requests.txt"),
        "requests.txt does not have this:\n{seen}"
    );
}
