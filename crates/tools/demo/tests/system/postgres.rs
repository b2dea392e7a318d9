//! Support for the tests of the stages with a database.

use std::path::PathBuf;

use local_postgres::LocalPostgres;
use testkit::{eventually, skip_without};
use tokio::process::Command;

use crate::demo::Demo;
use crate::processes::{Pid, all};
use crate::stages::pid;

/// Whether PostgreSQL's programs are installed. On CI they must be.
pub(crate) fn is_here() -> bool {
    let psql = std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join("psql").exists())
    });
    if psql && LocalPostgres::is_there() {
        return true;
    }
    skip_without("PostgreSQL and psql");
    false
}

/// The URL on the line of the introduction with that name.
pub(crate) fn url(introduction: &str, name: &str) -> String {
    let mut lines = introduction
        .lines()
        .filter(|line| line.contains("postgres://"));
    let line = lines.find(|line| line.trim().starts_with(name));
    let url = line.and_then(|line| line.split('\'').nth(1));
    url.unwrap_or_else(|| panic!("no {name} in {introduction}"))
        .to_owned()
}

/// The output of those commands under "To try" in the introduction that begin with `program`.
pub(crate) async fn run_commands(introduction: &str, program: &str) -> String {
    let tries = introduction
        .lines()
        .filter_map(|line| line.strip_prefix("     "));
    let mut said = String::new();
    for command in tries.filter(|command| command.starts_with(program)) {
        let output = Command::new("sh").args(["-c", command]).output().await;
        let output = output.expect("a shell");
        assert!(output.status.success(), "{command}: {output:?}");
        said += &String::from_utf8_lossy(&output.stdout);
    }
    said
}

/// The result of `sql`: one line per row, with `|` between columns.
pub(crate) async fn select(url: &str, sql: &str) -> String {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
    let output = psql.args(["--command", sql, url]).output().await;
    let output = output.expect("psql runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The server that a demo started for itself.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) keeper: Pid,
    /// The directory with all its data.
    pub(crate) directory: PathBuf,
}

impl Server {
    /// The server of that demo, once its directory is known. It may not be running yet.
    pub(crate) async fn of(demo: &Demo) -> Self {
        eventually("a PostgreSQL of the demo's own", || async {
            let mut keepers = pid(demo).children().into_iter().filter(is_keeper);
            let keeper = keepers.next()?;
            let arguments = keeper.children().into_iter().flat_map(Pid::arguments);
            let paths = arguments.map(PathBuf::from);
            let mut data = paths.filter(|path| path.ends_with("data"));
            let directory = data.next()?.parent()?.to_owned();
            Some(Self { keeper, directory })
        })
        .await
    }

    /// The server that a running demo's keeper started, which has been reparented.
    pub(crate) async fn running(demo: &Demo, url: &str) -> Self {
        let keeper = pid(demo).children().into_iter().find(is_keeper);
        let data = PathBuf::from(select_as_postgres(url, "SHOW data_directory").await);
        Self {
            keeper: keeper.expect("a keeper"),
            directory: data.parent().expect("of its own").to_owned(),
        }
    }

    /// The server process.
    pub(crate) fn pid(&self) -> Option<Pid> {
        let file = std::fs::read_to_string(self.directory.join("data/postmaster.pid")).ok()?;
        Some(Pid(file.lines().next()?.parse().ok()?))
    }

    /// Waits until the process and its directory are gone.
    pub(crate) async fn is_gone(&self) {
        let name = self.directory.to_string_lossy();
        eventually(&format!("{self:?} to be gone"), || async {
            let at_work = all().into_iter().flat_map(Pid::arguments);
            let mut at_work = at_work.filter(|argument| argument.contains(&*name));
            let gone = !self.directory.exists() && self.keeper.is_gone();
            (gone && at_work.next().is_none()).then_some(())
        })
        .await;
    }
}

fn is_keeper(process: &Pid) -> bool {
    let arguments = process.arguments();
    arguments
        .iter()
        .any(|argument| argument == "local-postgres")
}

/// [`select`] as the superuser, on a socket that requires no password.
async fn select_as_postgres(url: &str, sql: &str) -> String {
    let (_, place) = url.split_once('@').expect("a URL with a role");
    let (place, _) = place.split_once('/').expect("a URL with a database");
    select(&format!("postgres://postgres@{place}/postgres"), sql).await
}
