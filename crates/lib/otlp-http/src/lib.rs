//! OTLP/HTTP for receivers of any signal: media types, compression of bodies, and error answers.
//!
//! Source: the OTLP specification, section "OTLP/HTTP". A receiver must support gzip and
//! uncompressed bodies; the body of an error answer is a `google.rpc.Status`, in the format of the
//! request.

mod body;
mod headers;
mod status;

pub use body::{UnpackError, unpack};
pub use headers::{Coding, Format, UnknownCoding};
pub use status::{Code, Status};
