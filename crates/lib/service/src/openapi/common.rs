//! The operations that all services share.

use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, ResponseBuilder,
};

/// Answered regardless of limits: `/healthz` and `/metrics`.
pub(super) fn always_answered() -> OpenApi {
    let health = get(
        ("health", "Whether the service serves"),
        ("It does.", "text/plain", Type::String),
    );
    let metrics = get(
        ("metrics", "Metrics for Prometheus"),
        ("Text format 0.0.4.", "text/plain", Type::String),
    );
    api([("/healthz", health), ("/metrics", metrics)])
}

/// `/openapi.json`.
pub(super) fn document() -> OpenApi {
    let document = get(
        ("document", "This document"),
        ("OpenAPI 3.1.", "application/json", Type::Object),
    );
    api([("/openapi.json", document)])
}

fn api(operations: impl IntoIterator<Item = (&'static str, Operation)>) -> OpenApi {
    let add = |paths: PathsBuilder, (path, operation)| {
        paths.path(path, PathItem::new(HttpMethod::Get, operation))
    };
    let paths = operations.into_iter().fold(PathsBuilder::new(), add);
    OpenApiBuilder::new().paths(paths).build()
}

/// An operation by its id and summary, and its answer by description, media type and type.
fn get(
    (id, summary): (&str, &str),
    (description, media_type, schema_type): (&str, &str, Type),
) -> Operation {
    let schema = ObjectBuilder::new().schema_type(schema_type).build();
    let content = ContentBuilder::new().schema(Some(Schema::Object(schema)));
    let answer = ResponseBuilder::new()
        .description(description)
        .content(media_type, content.build());
    OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(summary))
        .response("200", answer)
        .build()
}
