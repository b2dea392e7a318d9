//! Shared code of the development tools: running other programs in the workspace's root
//! ([`command`]), and a common format for skipped checks ([`skip`]).

pub mod command;
pub mod skip;
