//! The processes of this machine, from `/proc`.

use std::fs;
use std::path::PathBuf;

use testkit::eventually;

/// A process. Its properties are read on demand, and empty once it is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pid(pub(crate) i32);

impl Pid {
    /// Its command line.
    pub(crate) fn arguments(self) -> Vec<String> {
        self.strings("cmdline")
    }

    /// Its environment variables, as `NAME=value`.
    pub(crate) fn environment(self) -> Vec<String> {
        self.strings("environ")
    }

    /// Its child processes.
    pub(crate) fn children(self) -> Vec<Self> {
        all()
            .into_iter()
            .filter(|process| process.parent() == Some(self.0))
            .collect()
    }

    /// Its descendants.
    pub(crate) fn descendants(self) -> Vec<Self> {
        let mut found = self.children();
        let mut next = 0;
        while next < found.len() {
            found.extend(found[next].children());
            next += 1;
        }
        found
    }

    pub(crate) fn is_gone(self) -> bool {
        // A zombie, which has ended but was not waited for, counts as gone.
        self.stat().is_none_or(|fields| fields[0] == "Z")
    }

    fn parent(self) -> Option<i32> {
        self.stat()?[1].parse().ok()
    }

    /// The fields after the name, which can contain anything: state, parent and so on.
    fn stat(self) -> Option<Vec<String>> {
        let stat = fs::read_to_string(self.path("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        Some(fields.split(' ').map(str::to_owned).collect())
    }

    fn strings(self, file: &str) -> Vec<String> {
        let bytes = fs::read(self.path(file)).unwrap_or_default();
        let strings = bytes.split(|byte| *byte == 0);
        strings
            .filter(|string| !string.is_empty())
            .map(|string| String::from_utf8_lossy(string).into_owned())
            .collect()
    }

    fn path(self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.0))
    }
}

/// Waits until all of them are gone.
pub(crate) async fn all_gone(processes: &[Pid]) {
    for process in processes {
        eventually(&format!("{process:?} to be gone"), || async {
            process.is_gone().then_some(())
        })
        .await;
    }
}

/// Every process.
pub(crate) fn all() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("Linux").flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.map(Pid).collect()
}

/// The id of the process that listens on `port`.
pub(crate) fn listener(port: u16) -> Option<i32> {
    let hex = format!(":{port:04X} ");
    let tcp = fs::read_to_string("/proc/net/tcp").ok()?;
    let listening = tcp
        .lines()
        .find(|line| line.contains(&hex) && line.contains(" 0A "))?;
    let socket = format!("socket:[{}]", listening.split_whitespace().nth(9)?);
    let owns = |pid: &Pid| {
        let mut files = fs::read_dir(pid.path("fd")).into_iter().flatten().flatten();
        files.any(|file| {
            fs::read_link(file.path()).is_ok_and(|link| link.to_string_lossy() == socket)
        })
    };
    all().into_iter().find(owns).map(|Pid(pid)| pid)
}
