//! die-service on a real PostgreSQL: its answers, its schema, its pool, and the database's absence.

mod outage;
mod pool;
mod queries;
mod schema;
mod support;
