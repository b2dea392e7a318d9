//! The description of a service at `GET /`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// The answer to `GET /`, for clients that check which service they have reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(description = "What has been reached.")]
pub struct About {
    /// The service's name.
    pub service: &'static str,
    /// The same as `service`.
    pub name: &'static str,
    /// The service's version.
    pub version: &'static str,
    /// The methods of each path.
    #[schema(example = json!({"/": "GET", "/healthz": "GET"}))]
    pub endpoints: BTreeMap<String, String>,
}
