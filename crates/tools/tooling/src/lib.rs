//! Shared code of the development tools: running other programs in the workspace's root
//! ([`command`]), committed files that a program generates ([`generated`]), and a common format for
//! skipped checks ([`skip`]), and Prometheus' configuration for the version of Debian ([`prometheus`]).

pub mod command;
pub mod generated;
pub mod prometheus;
pub mod skip;
