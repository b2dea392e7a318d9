//! File descriptors: each connection needs one.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::Error;

/// Descriptors reserved for standard streams, the runtime and the exporter of spans.
const RESERVE: u64 = 32;

/// Raises this process's limit of open files if `connections` need it.
///
/// # Errors
/// [`Error::Usage`] if the hard limit is too low.
pub(super) fn make_room(connections: usize) -> Result<(), Error> {
    let needed = u64::try_from(connections).unwrap_or(u64::MAX) + RESERVE;
    let limit = Resource::RLIMIT_NOFILE;
    // If the limit cannot be read, connections that cannot be opened count as failures.
    let Ok((soft, hard)) = getrlimit(limit) else {
        return Ok(());
    };
    if soft >= needed || (hard >= needed && setrlimit(limit, needed, hard).is_ok()) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "--connections {connections} needs {needed} open files, but the limit is {hard} \
         (`ulimit -Hn`): use fewer connections or raise the limit"
    )))
}
