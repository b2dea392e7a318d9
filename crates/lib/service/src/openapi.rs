//! `/openapi.json`: a machine-readable description of the service's requests and answers.
//!
//! Handlers are annotated with their own answers. What all operations have in common is added here.

mod answers;
mod common;
mod trace_id;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serde_json::Value;
use telemetry::http::Route;
use utoipa::PartialSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{InfoBuilder, License, OpenApi, Server};

use self::answers::{Around, complete};
pub use self::answers::{add_answer, has_parameter, operations_mut};
pub use self::trace_id::TraceId;
use crate::about::About;
use crate::routes::wrong_method;
use crate::{Problem, Program};

/// The description of all operations.
const DESCRIPTION: &str = "\
    Errors are JSON with a `detail` for people. A wrong method is answered 405, an unknown path 404, \
    a request without exactly one Host header 400, and a head of more than 16 KiB 431. \
    The W3C header `traceparent` is read, so that the service continues a caller's trace.";

/// A service's OpenAPI document.
#[derive(Clone)]
pub struct Document {
    program: Program,
    api: OpenApi,
    routes: Vec<Route>,
}

impl Document {
    /// The document of `program`: its operations within the middleware, from `api`, and those of
    /// every service. Common answers are added to each operation, see [`with_document`].
    #[must_use]
    pub fn new(program: Program, mut api: OpenApi) -> Self {
        complete(&mut api, Around::Middleware);
        let routes = operations(&api).map(|(method, path, operation)| Route {
            method: method.to_owned(),
            path: path.to_owned(),
            statuses: statuses(operation),
        });
        let routes = routes.collect();
        api.merge(common::always_answered());
        let document = Self {
            program,
            api,
            routes,
        };
        document.with_unobserved(common::document())
    }

    /// Adds operations outside the middleware: they have no metrics and traces.
    #[must_use]
    pub fn with_unobserved(mut self, mut other: OpenApi) -> Self {
        complete(&mut other, Around::Limits);
        self.api.merge(other);
        self
    }

    /// All operations, for final additions.
    pub fn operations_mut(&mut self) -> impl Iterator<Item = &mut Operation> {
        operations_mut(&mut self.api)
    }

    /// The operations within the middleware, with their documented statuses.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The answer to `GET /`.
    #[must_use]
    pub fn about(&self) -> About {
        let mut endpoints: BTreeMap<String, String> = BTreeMap::new();
        for (method, path, _) in operations(&self.api) {
            let methods = endpoints.entry(path.to_owned()).or_default();
            if !methods.is_empty() {
                methods.push_str(", ");
            }
            methods.push_str(method);
        }
        let service = self.program.service;
        About {
            service: service.name,
            name: service.name,
            version: service.version,
            endpoints,
        }
    }

    /// The document as served.
    fn into_json(mut self) -> Value {
        let service = self.program.service;
        let mut license = License::new("Apache-2.0");
        license.identifier = Some("Apache-2.0".to_owned());
        self.api.info = InfoBuilder::new()
            .title(service.name)
            .version(service.version)
            .description(Some(format!("{}. {DESCRIPTION}", self.program.about)))
            .license(Some(license))
            .build();
        self.api.servers = Some(vec![Server::new("/")]);
        let components = self.api.components.get_or_insert_default();
        // A service may define a `Problem` schema with more fields.
        let problem = components.schemas.entry("Problem".to_owned());
        problem.or_insert_with(Problem::schema);
        let mut json = serde_json::to_value(&self.api).expect("a document is JSON");
        answers::require_headers(&mut json);
        json
    }
}

/// Every operation with its method, in capitals, and its path.
fn operations(api: &OpenApi) -> impl Iterator<Item = (&'static str, &str, &Operation)> {
    api.paths.paths.iter().flat_map(|(path, item)| {
        let methods = [
            ("GET", &item.get),
            ("PUT", &item.put),
            ("POST", &item.post),
            ("DELETE", &item.delete),
            ("PATCH", &item.patch),
        ];
        let declared = methods.into_iter();
        declared.filter_map(move |(method, operation)| {
            let operation = operation.as_ref()?;
            Some((method, path.as_str(), operation))
        })
    })
}

fn statuses(operation: &Operation) -> Vec<u16> {
    let statuses = operation.responses.responses.keys();
    let statuses = statuses.map(|status| status.parse().expect("statuses are numbers"));
    statuses.collect()
}

/// Serves `document` next to `app`: outside the middleware, like `/healthz`, so that reading it
/// does not count as a request. It is serialised once. Every route of `app` without an answer to a
/// wrong method gets the one of [`with_fallbacks`](crate::with_fallbacks).
///
/// In the document each operation has, besides what its handler declares: 503 with `Retry-After`
/// for overload, 500 for a bug in the service, 414 and 422 for operations with a query, 408 for
/// operations with a body; and every error is a [`Problem`].
pub fn with_document(app: Router, document: Document) -> Router {
    let text = Bytes::from(document.into_json().to_string());
    let answer = move || {
        let json = [(CONTENT_TYPE, "application/json")];
        let answer = (json, text.clone());
        async move { answer }
    };
    app.route("/openapi.json", get(answer))
        .method_not_allowed_fallback(wrong_method)
}
