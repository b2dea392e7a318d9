//! usage-sink as a process: what it accepts, what it rejects, and what happens to events while it
//! or its database is unavailable.

mod faults;
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
