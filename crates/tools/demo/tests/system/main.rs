//! The whole system as a user meets it: real processes, real sockets, HTTP, `/metrics`, log lines
//! and spans. The tests check `docs/signals.md`; each module covers one of its tables.

mod bounds;
mod clients;
mod concurrency;
mod database_stages;
mod demo;
mod demo_command;
mod die_service_url;
mod documented;
mod drill;
mod environment;
mod exporter_variables;
mod failures;
mod faults;
mod http;
mod load;
mod logs;
mod losses;
mod metrics;
mod output;
mod postgres;
mod processes;
mod propagation;
mod proxy;
mod reconciliation;
mod replicas;
mod secrets;
mod stage_flags;
mod stages;
mod stopping;
mod supervision;
mod support;
mod terminal;
mod traces;
mod usage_stage;
mod variables;
