//! mini-tempo through HTTP on real sockets, as senders and readers use it.

mod bounds;
mod receiver;
mod search;
mod server;
mod spans;
mod traceql;
mod traces;
