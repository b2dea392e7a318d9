//! Bounds of what clients can occupy, and for how long: requests in flight, connections, incomplete
//! requests, memory. The tests use the deployed program and real sockets.

mod admission;
mod connections;
mod memory;
mod support;
mod waiting;
