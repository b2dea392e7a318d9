//! What clients can make the service keep, and for how long: requests in flight, connections, half
//! requests, memory. By the program as it is deployed, on real sockets.

mod admission;
mod connections;
mod memory;
mod support;
mod waiting;
