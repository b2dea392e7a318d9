//! usage-sink as a process: what it takes, what it refuses, and what becomes of events when it or
//! its database is away.

mod limits;
mod lossless;
mod memory;
mod observed;
mod openapi;
mod outage;
mod refused;
mod rejected;
mod retention;
mod schema;
mod stored;
mod support;
