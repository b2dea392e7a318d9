//! Every mode as a person runs it: the program, its report and its exit code, against the real
//! services or against stand-ins that record, stall, fail or lose records.

mod answers;
mod cli;
mod compare;
mod hops;
mod hops_spans;
mod hops_stores;
mod load;
mod queries;
mod reconcile;
mod resilience;
mod run;
mod services;
mod sessions;
mod stand_in;
mod usage_rows;
mod users;
mod watch;
