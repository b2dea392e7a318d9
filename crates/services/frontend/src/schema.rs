//! Schemas of the OpenAPI document that no answer type describes: the answers of dice-roller, which
//! are passed on, and texts with constraints. The types exist for their schemas only.

use dice::BatchSize;
use service::openapi::TraceId;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{
    ComponentsBuilder, Content, OneOfBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::session::Name;

/// A reference to another schema.
pub(crate) fn components() -> OpenApi {
    let components = ComponentsBuilder::new();
    let components = components.schema_from::<Problem>().schema_from::<TraceId>();
    OpenApiBuilder::new()
        .components(Some(components.build()))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

fn whole(low: u8, high: u8) -> ObjectBuilder {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(low)).maximum(Some(high))
}

/// A trace id as accepted in a request.
pub(crate) struct AnyTraceId;

impl PartialSchema for AnyTraceId {
    fn schema() -> RefOr<Schema> {
        let id = text().max_length(Some(32));
        let id = id.pattern(Some("^0{0,31}[1-9a-fA-F][0-9a-fA-F]{0,31}$"));
        id.build().into()
    }
}

impl ToSchema for AnyTraceId {}

/// An answer with its trace id.
fn traced(object: ObjectBuilder) -> RefOr<Schema> {
    let none = ObjectBuilder::new().schema_type(Type::Null);
    let id = Ref::from_schema_name("TraceId");
    // None when tracing is off.
    let id = OneOfBuilder::new().item(none).item(id);
    object.property("trace_id", id).build().into()
}

/// An error, in the shape of [`service::Problem`], and its trace id.
pub(crate) struct Problem;

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        match service::Problem::schema() {
            RefOr::T(Schema::Object(problem)) => traced(ObjectBuilder::from(problem)),
            other => other,
        }
    }
}

impl ToSchema for Problem {}

/// The answer of dice-roller to one roll.
pub(crate) struct Roll;

impl PartialSchema for Roll {
    fn schema() -> RefOr<Schema> {
        let roll = object().property("roll", dice::schema::value());
        traced(roll.required("roll"))
    }
}

impl ToSchema for Roll {}

/// The answer of dice-roller to a batch.
pub(crate) struct Batch;

impl PartialSchema for Batch {
    fn schema() -> RefOr<Schema> {
        let total = ObjectBuilder::new().schema_type(Type::Integer);
        let batch = object()
            .property("total", total.minimum(Some(0)))
            .property("rolls", dice::schema::rolls())
            .property("count", whole(1, BatchSize::MAX));
        let batch = batch.required("total").required("rolls");
        traced(batch.required("count"))
    }
}

impl ToSchema for Batch {}

/// The sign-in form.
pub(crate) struct SignIn;

impl PartialSchema for SignIn {
    fn schema() -> RefOr<Schema> {
        // At least one character is not a space, and none is a control character.
        let pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*\
            [^\\u0000-\\u001f\\u007f-\\u009f\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]\
            [^\\u0000-\\u001f\\u007f-\\u009f]*$";
        let words = "No control characters. Surrounding spaces are removed; at least one character must remain.";
        let name = text().description(Some(words)).pattern(Some(pattern));
        let name = name.min_length(Some(1)).max_length(Some(Name::MAX_CHARS));
        let form = object().property("name", name).required("name");
        let only = AdditionalProperties::FreeForm(false);
        form.additional_properties(Some(only)).build().into()
    }
}

impl ToSchema for SignIn {}

/// Operations whose errors are pages for clients that prefer HTML.
const WITH_PAGES: [&str; 3] = ["roll", "rollAsync", "signIn"];

/// Adds `text/html` to the errors of those operations.
pub(crate) fn add_pages<'a>(operations: impl Iterator<Item = &'a mut Operation>) {
    let id = |operation: &Operation| operation.operation_id.clone().unwrap_or_default();
    let operations = operations.filter(|operation| WITH_PAGES.contains(&&*id(operation)));
    let answers = operations.flat_map(|operation| &mut operation.responses.responses);
    for (_, answer) in answers.filter(|(status, _)| status.starts_with(['4', '5'])) {
        if let RefOr::T(answer) = answer {
            let page = Content::new(Some(text()));
            answer
                .content
                .insert("text/html".to_owned(), RefOr::T(page));
        }
    }
}
