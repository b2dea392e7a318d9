//! PostgreSQL's programs, and the user to run them as: it refuses to be root.

use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{User, geteuid};

/// Where Debian, Fedora and Homebrew keep what is not on the path, the newest version last.
const DIRECTORIES: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"];

/// The variables that they get: not `PG*`, which would change what they do, and no language, for what
/// they say is read here.
const PASSED_ON: [&str; 5] = ["PATH", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD"];

/// The directory of the programs, and whom they run as.
#[derive(Debug)]
pub(crate) struct Programs {
    directory: PathBuf,
    /// None: whoever we are.
    user: Option<User>,
}

impl Programs {
    /// Those on the path, or else the newest that is installed.
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).map(|directory| directory.join("postgres"));
        // A link on the path leads to where the others are.
        let linked = on_path.filter_map(|program| program.canonicalize().ok());
        let linked = linked.filter_map(|program| program.parent().map(Path::to_owned));
        let directory = linked.chain(installed()).find(|directory| {
            ["postgres", "initdb", "pg_ctl", "psql"]
                .iter()
                .all(|program| directory.join(program).exists())
        })?;
        let user = if geteuid().is_root() {
            Some(unprivileged()?)
        } else {
            None
        };
        Some(Self { directory, user })
    }

    /// `program`, to be run in `directory` without a terminal.
    pub(crate) fn command(&self, program: &str, directory: &Path) -> Command {
        let mut command = Command::new(self.directory.join(program));
        let variables = PASSED_ON.map(|name| Some((name, std::env::var_os(name)?)));
        command
            .env_clear()
            .envs(variables.into_iter().flatten())
            .env("LC_ALL", "C")
            .current_dir(directory)
            .stdin(Stdio::null());
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Gives `directory` to the user they run as.
    pub(crate) fn give(&self, directory: &Path) -> io::Result<()> {
        match &self.user {
            Some(user) => chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())),
            None => Ok(()),
        }
    }
}

/// The `bin` directories of the versions that are installed, the newest first.
fn installed() -> impl Iterator<Item = PathBuf> {
    let entries = DIRECTORIES
        .iter()
        .filter_map(|parent| Path::new(parent).read_dir().ok());
    let mut versions: Vec<_> = entries
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .map(|version| version.join("bin"))
}

/// The account that PostgreSQL's package made, or the one that owns nothing.
fn unprivileged() -> Option<User> {
    let named = |name| User::from_name(name).ok().flatten();
    named("postgres").or_else(|| named("nobody"))
}
