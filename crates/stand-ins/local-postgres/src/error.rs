//! Why there is no server.

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not installed, or not where it is looked for.
    #[error("PostgreSQL's programs are not here: apt-get install postgresql")]
    NotThere,
    /// One of its programs failed; `output` is all that it said.
    #[error("{program}: {output}")]
    Failed {
        /// Which one.
        program: &'static str,
        /// Its own words.
        output: String,
    },
    /// Files, ports or processes of this machine.
    #[error("PostgreSQL cannot be started: {0}")]
    Io(#[from] std::io::Error),
}
