//! What OTLP/HTTP asks of every receiver, whatever the signal: which media types there are, how a
//! body may be packed, and how a request is refused.
//!
//! Source: the OTLP specification, section "OTLP/HTTP". A receiver supports gzip and no packing at
//! all; the body of a refusal is a `google.rpc.Status`, in the format of the request.

mod body;
mod headers;
mod status;

pub use body::{UnpackError, unpack};
pub use headers::{Coding, Format, UnknownCoding};
pub use status::{Code, Status};
