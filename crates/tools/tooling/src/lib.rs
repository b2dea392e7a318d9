//! Shared code of the development tools: running other programs in the workspace's root
//! ([`command`]), committed files that a program generates ([`generated`]), and a common format for
//! skipped checks ([`skip`]).

pub mod command;
pub mod generated;
pub mod skip;
