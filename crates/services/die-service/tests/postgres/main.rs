//! die-service with a real PostgreSQL: its answers, its schema, its pool, and outages of the
//! database.

mod faults;
mod outage;
mod pool;
mod queries;
mod schema;
mod support;
