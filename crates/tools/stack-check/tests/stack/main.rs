//! Checks that the files of the stack agree with each other and with the programs. A name that was
//! changed in only one place fails here, with both places named, and not at runtime.
//!
//! * [`files`]: reads them: YAML with merges, and the parts that many tests need.
//! * [`variables`]: `${NAME:-default}`, and the files that set them.
//! * [`compose`]: ports, programs, variables, order, health.
//! * [`projects`]: the containers, ports, names and URLs of each of the six stages.
//! * [`hardening`]: restrictions on each container, and limits on all together.
//! * [`metrics`]: Prometheus and its writers.
//! * [`signals`]: the path of logs and traces, through Alloy.
//! * [`routes`]: the destinations of log lines, including usage lines.
//! * [`database`]: PostgreSQL: roles, databases, and access.
//! * [`grafana`]: datasources, dashboards, provisioning.
//! * [`faults`]: the file of flags, which services read and one container writes.
//! * [`image`]: the Dockerfile.
//! * [`kubernetes`]: `deploy/kubernetes`, which must agree with all of this.
//! * [`savings`]: what can be saved, one line each.
//! * [`keys`]: the keys of Loki's and Tempo's configuration.

mod compose;
mod database;
mod faults;
mod files;
mod grafana;
mod hardening;
mod image;
mod keys;
mod kubernetes;
mod metrics;
mod projects;
mod routes;
mod savings;
mod signals;
mod variables;
