//! File descriptors: each connection needs one, and each request in flight may need another for a
//! call to a backend.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Reserved for standard streams, the runtime, and connections to the collector and the database.
const RESERVE: u64 = 32;

/// The number of kept connections, and of surplus connections that can be answered, within the
/// limit of file descriptors. That limit is raised first, as far as this process may.
pub(super) fn room(wanted: usize, surplus: usize) -> (usize, usize) {
    let limit = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) if soft < hard => {
            let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
            raised.map_or(soft, |()| hard)
        }
        Ok((soft, _)) => soft,
        Err(_) => return (wanted, surplus),
    };
    let (most, beyond) = share(limit, wanted, surplus);
    if most < wanted {
        tracing::warn!(
            file_descriptors = limit,
            max_connections = wanted,
            kept = most,
            "The number of connections is reduced: the limit of file descriptors is low"
        );
    }
    (most, beyond)
}

/// A quarter of the remaining `limit` is for surplus connections; the rest is divided equally
/// between kept connections and the files that their requests open.
fn share(limit: u64, wanted: usize, surplus: usize) -> (usize, usize) {
    let left = usize::try_from(limit.saturating_sub(RESERVE)).unwrap_or(usize::MAX);
    let surplus = surplus.min(left / 4).max(1);
    let most = wanted.min(left.saturating_sub(surplus) / 2).max(1);
    (most, surplus)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn connections_never_need_more_files_than_available() {
        for limit in [0, 16, 33, 40, 64, 100, 256, 1024, 1_048_576] {
            let (most, surplus) = share(limit, 512, 64);
            assert!(most >= 1 && surplus >= 1 && most <= 512 && surplus <= 64);
            let needed = 2 * most as u64 + surplus as u64 + super::RESERVE;
            assert!(
                needed <= limit.max(super::RESERVE + 3),
                "{limit}: {most}, {surplus}"
            );
        }
        assert_eq!(share(1_048_576, 512, 64), (512, 64));
    }
}
