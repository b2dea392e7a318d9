//! mini-tempo through HTTP on real sockets, as senders and readers use it.

mod bounds;
mod formats;
mod json;
mod memory;
mod naive;
mod protobuf;
mod receiver;
mod search;
mod senders;
mod server;
mod spans;
mod tail;
mod traceql;
mod traces;
