//! Answers of operations in addition to those that handlers declare.

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    Content, HeaderBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response,
};

/// The layers around operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// The middleware, including its limits.
    Middleware,
    /// The limits only.
    Limits,
}

const NO_ROOM: &str =
    "Too many requests are in flight or too many connections open, see `Retry-After`.";

/// Adds to every operation the answers of the layers around it.
pub(super) fn complete(api: &mut OpenApi, around: Around) {
    for operation in operations_mut(api) {
        add_answer(operation, StatusCode::SERVICE_UNAVAILABLE, NO_ROOM);
        if around == Around::Middleware {
            let mistake = "Internal error of this service; its log has the cause.";
            add_answer(operation, StatusCode::INTERNAL_SERVER_ERROR, mistake);
        }
        add_input_errors(operation);
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response {
                complete_error(status, response);
            }
        }
    }
}

/// Every operation of `api`.
pub fn operations_mut(api: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    api.paths.paths.values_mut().flat_map(methods)
}

fn methods(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Adds an answer. If the status is already declared, the description becomes an alternative.
pub fn add_answer(operation: &mut Operation, status: StatusCode, description: &str) {
    let responses = &mut operation.responses.responses;
    let empty = || RefOr::T(Response::new(""));
    let entry = responses.entry(status.as_str().to_owned());
    if let RefOr::T(response) = entry.or_insert_with(empty) {
        let own = std::mem::take(&mut response.description);
        response.description = match &*own {
            "" => description.to_owned(),
            own => format!("{own} Or: {description}"),
        };
    }
}

/// Whether the operation has a parameter in that place.
#[must_use]
pub fn has_parameter(operation: &Operation, there: &ParameterIn) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == *there,
        RefOr::Ref(_) => false,
    })
}

/// Adds the answers of [`Query`](crate::Query) and of the timeout for bodies.
fn add_input_errors(operation: &mut Operation) {
    if has_parameter(operation, &ParameterIn::Query) {
        let long = "The query string is longer than 1024 bytes.";
        add_answer(operation, StatusCode::URI_TOO_LONG, long);
        let wrong = "A parameter is missing, unknown, given twice or malformed.";
        add_answer(operation, StatusCode::UNPROCESSABLE_ENTITY, wrong);
    }
    if operation.request_body.is_some() {
        let late = "The body did not arrive in time.";
        add_answer(operation, StatusCode::REQUEST_TIMEOUT, late);
    }
}

/// Makes every error a `Problem`, and adds `Retry-After` to every 503.
fn complete_error(status: &str, response: &mut Response) {
    let is_error = status.starts_with(['4', '5']);
    if is_error && response.content.is_empty() {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let content = &mut response.content;
        content.insert("application/json".to_owned(), RefOr::T(problem));
    }
    if status == "503" {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1));
        let header = HeaderBuilder::new()
            .description(Some("Seconds to wait before retrying."))
            .schema(Some(seconds));
        let headers = &mut response.headers;
        headers.insert("Retry-After".to_owned(), RefOr::T(header.build()));
    }
}

/// Marks the headers that are always present: a `Retry-After`. utoipa's headers cannot express it.
pub(super) fn require_headers(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter();
    let items = paths.flat_map(|paths| paths.values_mut());
    let operations = items.filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|item| item.values_mut()) {
        let header = operation.pointer_mut("/responses/503/headers/Retry-After");
        if let Some(Value::Object(header)) = header {
            header.insert("required".to_owned(), json!(true));
        }
    }
}
