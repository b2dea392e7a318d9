//! PostgreSQL's programs, and the user that runs them, because PostgreSQL does not run as root.

use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{User, geteuid};

/// Where Debian, Fedora and Homebrew install programs that are not on the path, the newest version
/// last.
const DIRECTORIES: [&str; 3] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"];

/// The environment variables that the programs inherit: no `PG*`, which would change their
/// behaviour, and no language, because their messages are parsed.
const PASSED_ON: [&str; 5] = ["PATH", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD"];

/// The directory of the programs, and the user that runs them.
#[derive(Debug)]
pub(crate) struct Programs {
    directory: PathBuf,
    /// None for the current user.
    user: Option<User>,
}

impl Programs {
    /// Finds the programs on the path, or else the newest installed version.
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).map(|directory| directory.join("postgres"));
        // A link on the path leads to the directory of the others.
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

    /// Prepares `program`, to be run in `directory` without a terminal.
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

    /// Makes the programs' user the owner of `directory`.
    pub(crate) fn give(&self, directory: &Path) -> io::Result<()> {
        match &self.user {
            Some(user) => chown(directory, Some(user.uid.as_raw()), Some(user.gid.as_raw())),
            None => Ok(()),
        }
    }
}

/// The `bin` directories of the installed versions, the newest first.
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

/// The account that PostgreSQL's package created, or else `nobody`.
fn unprivileged() -> Option<User> {
    let named = |name| User::from_name(name).ok().flatten();
    named("postgres").or_else(|| named("nobody"))
}
