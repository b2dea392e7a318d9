//! What the development tools share: running other programs from the workspace's root ([`command`]), and
//! one form for what was skipped ([`skip`]).

pub mod command;
pub mod skip;
