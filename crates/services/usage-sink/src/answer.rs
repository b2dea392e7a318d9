//! The answer to a delivery.

use serde::Serialize;
use utoipa::ToSchema;

/// OTLP's `ExportLogsServiceResponse`.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExportLogsServiceResponse)]
pub(crate) struct Answer {
    /// Set when records were rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) partial_success: Option<PartialSuccess>,
}

/// The rejected records of a delivery, which must not be sent again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartialSuccess {
    /// A 64-bit integer, which is a string in protobuf's JSON.
    #[schema(pattern = "^[1-9][0-9]*$", example = "1")]
    pub(crate) rejected_log_records: String,
    /// The reason for the first rejected record.
    #[schema(example = "not usage events; reason for the first one: event_id is not a UUID")]
    pub(crate) error_message: String,
}
