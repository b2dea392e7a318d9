//! Why a server operation failed.

/// Why a server operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not installed, or not in a known directory.
    #[error("PostgreSQL's programs were not found; install them with: apt-get install postgresql")]
    NotThere,
    /// One of its programs failed; `output` is all that it printed.
    #[error("{program}: {output}")]
    Failed {
        /// The program's name.
        program: &'static str,
        /// Its output.
        output: String,
    },
    /// An error of files, ports or processes on this machine.
    #[error("PostgreSQL cannot be started: {0}")]
    Io(#[from] std::io::Error),
}
