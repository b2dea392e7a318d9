//! Do the files of the stack agree with each other and with the programs? A name that is changed
//! in one place only fails here, with both places named, and not in somebody's first run.
//!
//! * [`files`]: reading them: YAML with its merges, and the parts that many tests ask for.
//! * [`variables`]: `${NAME:-default}`, and the files that set them.
//! * [`compose`]: ports, programs, variables, order, health.
//! * [`projects`]: the six stages: which containers, ports, names and URLs each has.
//! * [`hardening`]: what no container may do, and what all together may take.
//! * [`metrics`]: Prometheus and who writes to it.
//! * [`signals`]: the way of logs and traces, through Alloy.
//! * [`routes`]: where log lines go, and usage lines among them.
//! * [`database`]: PostgreSQL: roles, databases, and who may connect.
//! * [`grafana`]: datasources, dashboards, provisioning.
//! * [`image`]: the Dockerfile.
//! * [`keys`]: what Loki and Tempo know.

mod compose;
mod database;
mod files;
mod grafana;
mod hardening;
mod image;
mod keys;
mod metrics;
mod projects;
mod routes;
mod signals;
mod variables;
