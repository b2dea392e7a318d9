//! The routes, and the state that handlers share.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response};
use service::{About, Document, Server, get_only};
use telemetry::Losses;
use telemetry::http::{Admission, instrument};
use tokio::sync::watch;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::backend::Backend;
use crate::config::Config;
use crate::handlers::{dice, form, home, roll, sign_in, trace};
use crate::page::Page;
use crate::render::render;
use crate::session::MAX_FORM_BYTES;
use crate::trace::Traces;
use crate::{PROGRAM, assets, schema, security};

/// The state that handlers share.
pub(crate) struct App {
    pub(crate) about: About,
    pub(crate) page: Page,
    pub(crate) traces: Traces,
    pub(crate) backend: Backend,
}

/// The routes; `stopping` becomes true when requests in flight must end.
pub(crate) fn server(config: Config, losses: &Losses, stopping: watch::Receiver<bool>) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service, losses);
    let admission = Admission::new(&registry, config.limits);
    let (own, api) = observed().split_for_parts();
    let (unobserved, unobserved_api) = unobserved().split_for_parts();
    let mut document = Document::new(PROGRAM, api).with_unobserved(unobserved_api);
    schema::add_pages(document.operations_mut());
    let app = Arc::new(App {
        about: document.about(),
        page: Page::new(&config),
        traces: Traces::new(config.trace_query_url.clone(), stopping),
        backend: Backend::new(config, &registry),
    });
    let own = own.layer(DefaultBodyLimit::max(MAX_FORM_BYTES));
    let own = service::with_fallbacks(own.with_state(Arc::clone(&app)));
    let own = own.layer(from_fn_with_state(Arc::clone(&app), render));
    let unobserved = unobserved.with_state(app).merge(assets::router());
    let app = instrument(own, &registry, document.routes(), &admission)
        .merge(admission.guard(unobserved));
    let app = service::with_document(app, document);
    Server::new(app.layer(map_response(security::add)), admission)
}

fn observed() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(schema::components())
        .routes(routes!(home::home))
        .routes(routes!(roll::roll).map(get_only))
        .routes(routes!(roll::roll_async).map(get_only))
        .routes(routes!(dice::dice))
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
}

/// Requests of the page that are not rolls. They bypass the middleware, like `/healthz`, so that
/// metrics and traces cover rolls only, and viewing a trace creates no trace.
fn unobserved() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(form::form))
        .routes(routes!(trace::trace))
}
