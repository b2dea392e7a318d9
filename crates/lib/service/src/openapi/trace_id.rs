//! Trace ids in answers.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The schema of a trace id: 32 hexadecimal digits, in lower case, not all of them 0.
#[derive(Debug, Clone, Copy)]
pub struct TraceId;

impl PartialSchema for TraceId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("32 hexadecimal digits, not all of them 0."))
            .min_length(Some(32))
            .max_length(Some(32))
            .pattern(Some("^0{0,31}[1-9a-f][0-9a-f]{0,31}$"))
            .build()
            .into()
    }
}

impl ToSchema for TraceId {}
