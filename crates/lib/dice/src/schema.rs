//! Schemas of the domain's values in an OpenAPI document, with the bounds that the code checks.

use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{Object, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::{BatchSize, MAX_NAME, Specification};

/// The name of a die, as given by clients. The type only represents the schema of a string.
#[derive(Debug, Clone, Copy)]
pub struct Name;

impl PartialSchema for Name {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.max_length(Some(MAX_NAME)).build().into()
    }
}

impl ToSchema for Name {}

/// The value of a face.
#[must_use]
pub fn value() -> Object {
    whole(0, Specification::MAX_VALUE)
}

/// The values of the rolls of a batch.
#[must_use]
pub fn rolls() -> Array {
    let rolls = ArrayBuilder::new().items(value());
    let most = usize::from(BatchSize::MAX);
    rolls.min_items(Some(1)).max_items(Some(most)).build()
}

/// The faces of a die.
pub(crate) fn faces() -> Array {
    let faces = ArrayBuilder::new().items(value());
    let faces = faces.description(Some("Each is equally likely."));
    let most = Specification::MAX_FACES;
    faces.min_items(Some(1)).max_items(Some(most)).build()
}

fn whole(low: u8, high: u8) -> Object {
    let number = ObjectBuilder::new().schema_type(Type::Integer);
    number.minimum(Some(low)).maximum(Some(high)).build()
}

impl PartialSchema for BatchSize {
    fn schema() -> RefOr<Schema> {
        whole(1, Self::MAX).into()
    }
}

impl ToSchema for BatchSize {}
