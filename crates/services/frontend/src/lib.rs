//! The page, and the entry point of every roll.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the page; for a client that prefers JSON, what this is: `service`, `version`, `endpoints` |
//! | `GET /roll?die=fair` | the roller's answer and `trace_id`; for a browser, in the page |
//! | `GET /roll-async?die=fair&times=5` | the same |
//! | `GET /form?die=fair&async=on&times=5` | to one of the two: the page's form |
//! | `POST /sign-in` `name=Ada` | to the page, with a name from now on |
//! | `POST /sign-out` | to the page, without one |
//! | `GET /api/dice` | up to 24 dice with their specifications, how many more there are (`omitted`), and `trace_id` |
//! | `GET /api/trace/{id}?wait=2` | a trace, for the waterfall |
//! | `GET /assets/...`, `GET /favicon.ico` | style, script and icon |
//!
//! What people do is also written down as usage events, see `usage`.

mod accept;
mod assets;
mod backend;
mod browser;
mod config;
mod error;
mod links;
mod metrics;
mod page;
mod root;
mod schema;
mod security;
mod session;
mod sign_in;
mod template;
mod trace;
mod trace_id;
mod usage;

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::HeaderMap;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use dice::{BatchSize, Die};
use serde::{Deserialize, Serialize};
use service::openapi::TraceId;
use service::{About, Document, Program, Query, Server, get_only};
use telemetry::http::{Admission, instrument};
use telemetry::{Service, set_attribute};
use tokio::net::TcpListener;
use tokio::sync::watch;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::backend::{Answer, Backend, Choice};
pub use crate::config::Config;
use crate::error::Error;
use crate::page::Page;
use crate::schema::{AnyTraceId, Batch, Roll};
use crate::session::Visitor;
use crate::trace::{Traces, View, Wait};
use crate::usage::Action;

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "frontend",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "The page, and the entry point of every roll",
};

/// Serves on `listener` until `shutdown` is ready.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let shutdown = async move {
        shutdown.await;
        stop.send_replace(true);
    };
    server(config, stopping).run(listener, shutdown).await
}

/// What the handlers share.
struct App {
    about: About,
    page: Page,
    traces: Traces,
    backend: Backend,
}

/// The routes; `stopping` becomes true when requests in flight are to end.
fn server(config: Config, stopping: watch::Receiver<bool>) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service);
    let admission = Admission::new(&registry, config.limits);
    let (rolls, roll_api) = rolls().split_for_parts();
    let (own, mut api) = observed().split_for_parts();
    let (unobserved, unobserved_api) = unobserved().split_for_parts();
    api.merge(roll_api);
    let mut document = Document::new(PROGRAM, api).with_unobserved(unobserved_api);
    schema::add_pages(document.operations_mut());
    let app = Arc::new(App {
        about: document.about(),
        page: Page::new(&config),
        traces: Traces::new(config.trace_query_url.clone(), stopping),
        backend: Backend::new(config, &registry),
    });
    let rolls = rolls.route_layer(from_fn_with_state(Arc::clone(&app), browser::answer));
    let own = own
        .layer(DefaultBodyLimit::max(sign_in::MAX_BYTES))
        .merge(rolls)
        .with_state(Arc::clone(&app));
    let own = service::with_fallbacks(own).layer(map_response(trace_id::add));
    let unobserved = unobserved.with_state(app).merge(assets::router());
    let app = instrument(own, &registry, document.routes(), &admission)
        .merge(admission.guard(unobserved));
    let app = service::with_document(app, document);
    Server::new(app.layer(map_response(security::add)), admission)
}

fn rolls() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(roll).map(get_only))
        .routes(routes!(roll_async).map(get_only))
}

fn observed() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(schema::components())
        .routes(routes!(root::answer))
        .routes(routes!(dice))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
}

/// What belongs to the page and is no roll: outside the middleware, like `/healthz`, so that
/// metrics and traces tell of rolls, and looking at a trace makes none.
fn unobserved() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(browser::choose))
        .routes(routes!(trace))
}

/// The dice there are.
#[derive(Serialize, ToSchema)]
struct Dice {
    #[schema(max_items = 24)]
    dice: Vec<Die>,
    /// How many more there are at die-service.
    #[schema(minimum = 0)]
    omitted: usize,
    #[schema(value_type = Option<TraceId>)]
    trace_id: Option<String>,
}

/// The dice and what they are made of
#[utoipa::path(get, path = "/api/dice", responses((
    status = 200,
    description = "Those of die-service, up to 24, or the built-in ones when it is not there.",
    body = Dice,
)))]
async fn dice(State(app): State<Arc<App>>) -> Json<Dice> {
    let Choice { dice, omitted } = app.backend.dice().await;
    Json(Dice {
        dice,
        omitted,
        trace_id: telemetry::trace_id(),
    })
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RollQuery {
    /// Which die to roll.
    #[param(inline, value_type = dice::schema::Name, example = "fair")]
    die: String,
}

/// Roll once
///
/// A client that prefers `text/html` to JSON gets the page around the result.
#[utoipa::path(get, path = "/roll", params(RollQuery), responses(
    (
        status = 200,
        description = "What was rolled.",
        content((Roll = "application/json"), (String = "text/html")),
    ),
    (status = 404, description = "There is no such die; none has a name of more than 64 characters."),
    (status = 500, description = "The roll failed, as often as the die's error rate says."),
    (status = 503, description = "Something that the roll needs is not available; the detail says what."),
    (status = 504, description = "A service that is needed did not answer in time."),
))]
async fn roll(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(RollQuery { die }): Query<RollQuery>,
) -> Result<Answer, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    let die_type = app.backend.die_type(&die);
    usage::record(&visitor, Action::Roll { die_type });
    app.backend.roll(&die).await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchQuery {
    /// Which die to roll.
    #[param(inline, value_type = dice::schema::Name, example = "fair")]
    die: String,
    /// How many rolls, all at once.
    #[param(inline, example = 5)]
    times: BatchSize,
}

/// Roll a batch at once
///
/// Each roll is a task of its own; the batch takes as long as its slowest roll. A client that prefers
/// `text/html` to JSON gets the page around the result.
#[utoipa::path(get, path = "/roll-async", operation_id = "rollAsync", params(BatchQuery), responses(
    (
        status = 200,
        description = "What was rolled.",
        content((Batch = "application/json"), (String = "text/html")),
    ),
    (status = 404, description = "There is no such die; none has a name of more than 64 characters."),
    (status = 500, description = "A roll of the batch failed; the others were made."),
    (status = 503, description = "Something that the rolls need is not available; the detail says what."),
    (status = 504, description = "A service that is needed did not answer in time."),
))]
async fn roll_async(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(BatchQuery { die, times: size }): Query<BatchQuery>,
) -> Result<Answer, Error> {
    dice::check_name(&die)?;
    set_attribute("die.type", die.clone());
    set_attribute("async.batch_size", i64::from(size.get()));
    let die_type = app.backend.die_type(&die);
    usage::record(&visitor, Action::RollBatch { die_type, size });
    app.backend.roll_batch(&die, size).await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TraceQuery {
    /// Seconds to wait for the trace to be complete, or as complete as it will be.
    #[serde(default)]
    #[param(inline, value_type = Option<Wait>, example = 0)]
    wait: Wait,
}

/// A trace, as the page draws it
///
/// Asked of Tempo. The answer to this request is in no trace and in no metric. A client that prefers
/// `text/html` to JSON gets the JSON with line breaks.
#[utoipa::path(
    get,
    path = "/api/trace/{id}",
    params(
        (
            "id" = inline(AnyTraceId), Path,
            description = "Up to 32 hexadecimal digits; zeros at the front may be left out.",
            example = "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        TraceQuery,
    ),
    responses(
        (status = 200, description = "What there is of the trace.", body = View),
        (status = 404, description = "There is nothing of it, perhaps not yet."),
        (status = 422, description = "This cannot be a trace id."),
        (status = 501, description = "This deployment has no trace store."),
        (status = 503, description = "The trace store cannot be reached."),
        (status = 504, description = "The trace store did not answer in time."),
    ),
)]
async fn trace(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
    Query(TraceQuery { wait }): Query<TraceQuery>,
) -> Result<Response, Error> {
    // What is not even UTF-8 once decoded.
    let Path(id) = id.map_err(|_| Error::NotATraceId)?;
    let view = app.traces.find(&id, wait).await?;
    Ok(trace::answer(&view, accept::prefers_html(&headers)))
}
