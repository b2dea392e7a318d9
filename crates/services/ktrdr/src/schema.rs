//! Schemas of values in the OpenAPI documents, with the bounds that the code checks. The types only
//! represent schemas.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::protocol::MAX_URL;

/// The id of an operation or a worker, see [`is_id`](crate::protocol::is_id).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id;

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        // Excludes . and .., and control characters.
        let pattern = r"^([^.\x00-\x1f\x7f-\x9f]|\.[^.\x00-\x1f\x7f-\x9f]|\.\.[^\x00-\x1f\x7f-\x9f])[^\x00-\x1f\x7f-\x9f]*$";
        let text = ObjectBuilder::new().schema_type(Type::String);
        let text = text.min_length(Some(1)).max_length(Some(64));
        text.pattern(Some(pattern)).build().into()
    }
}

impl ToSchema for Id {}

/// A whole number of 32 bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number;

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let number = number.minimum(Some(0)).maximum(Some(u32::MAX));
        number.build().into()
    }
}

impl ToSchema for Number {}

/// The URL of a worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkerUrl;

impl PartialSchema for WorkerUrl {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .pattern(Some("^http://"))
            .max_length(Some(MAX_URL))
            .build()
            .into()
    }
}

impl ToSchema for WorkerUrl {}
