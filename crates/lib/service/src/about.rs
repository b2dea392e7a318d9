//! What a service says of itself at `GET /`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// The answer to `GET /`, for clients that first ask what they have reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(description = "What has been reached.")]
pub struct About {
    /// The service's name.
    pub service: &'static str,
    /// The same as `service`.
    pub name: &'static str,
    /// The service's version.
    pub version: &'static str,
    /// From each path to its methods.
    #[schema(example = json!({"/": "GET", "/healthz": "GET"}))]
    pub endpoints: BTreeMap<String, String>,
}
