//! The crate on a real PostgreSQL, without a service: its pool, its errors, its migrations.

mod errors;
mod pool;
mod schema;
mod support;
