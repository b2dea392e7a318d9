//! The faults that are on, and the file with them.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::fault::Fault;
use crate::format::Document;
use crate::spec::WrongStrength;

/// The mode of the file: services may run as another user than the one who switches faults.
const READABLE: u32 = 0o644;

/// The largest file that is read, in bytes. One that lists every fault has about 5 kB.
const MAX_BYTES: u64 = 256 * 1024;

/// The faults that are on, each with its strength.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flags {
    on: BTreeMap<Fault, f64>,
    hidden: bool,
    lease: Option<u64>,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FlagsError {
    /// The file cannot be read.
    #[error("cannot read the flags file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the flags file {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The text is not what flagd's schema and the table of faults allow; `reason` names what is
    /// wrong.
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong, and what is allowed.
        reason: String,
    },
}

impl Flags {
    /// Reads the file at `path`. If there is none, every fault is off.
    ///
    /// # Errors
    /// If the file cannot be read, or is malformed.
    pub fn read(path: &Path) -> Result<Self, FlagsError> {
        let text = match read_bounded(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => {
                let path = path.to_owned();
                return Err(FlagsError::Read { path, source });
            }
        };
        Self::parse(&text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`FlagsError::Malformed`], also for the name of an unknown fault, which lists the known ones.
    pub fn parse(text: &str) -> Result<Self, FlagsError> {
        let document: Document = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let place = format!(" at line {line} column {column}");
            let reason = error.to_string().replace(&place, "");
            FlagsError::Malformed {
                line,
                column,
                reason,
            }
        })?;
        Ok(document.into_flags())
    }

    /// The text of the file: every fault with its variants, on or off.
    #[must_use]
    pub fn to_json(&self) -> String {
        Document::of(self).to_json()
    }

    /// Writes the file at `path`, so that a reader sees either the old one or the new one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FlagsError> {
        replace(path, &self.to_json()).map_err(|source| FlagsError::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// Switches `fault` on, with its default strength if there is no other.
    ///
    /// # Errors
    /// If the strength is outside the fault's range.
    pub fn switch_on(&mut self, fault: Fault, strength: Option<f64>) -> Result<f64, WrongStrength> {
        let range = fault.spec().strength;
        let value = strength.unwrap_or(range.default);
        if !(range.min..=range.max).contains(&value) {
            return Err(WrongStrength { fault, value });
        }
        self.on.insert(fault, value);
        Ok(value)
    }

    /// Switches `fault` off. Returns whether it was on.
    pub fn switch_off(&mut self, fault: Fault) -> bool {
        self.on.remove(&fault).is_some()
    }

    /// Switches every fault off.
    pub fn clear(&mut self) {
        self.on.clear();
    }

    /// The strength of `fault`, if it is on.
    #[must_use]
    pub fn strength(&self, fault: Fault) -> Option<f64> {
        self.on.get(&fault).copied()
    }

    /// The faults that are on with their strengths, in the order of the table.
    pub fn on(&self) -> impl Iterator<Item = (Fault, f64)> {
        self.on.iter().map(|(fault, strength)| (*fault, *strength))
    }

    /// Whether a drill is running: what is on must be neither exported nor shown.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Hides or reveals what is on.
    pub fn set_hidden(&mut self, hidden: bool) {
        self.hidden = hidden;
    }

    /// Until when the file holds, in seconds since 1970; None if that has no end. A drill renews its
    /// lease while it runs, so that its fault also ends if the drill is killed.
    #[must_use]
    pub fn lease(&self) -> Option<u64> {
        self.lease
    }

    /// Sets until when the file holds, in seconds since 1970.
    pub fn set_lease(&mut self, until: Option<u64>) {
        self.lease = until;
    }

    /// Whether the lease has ended at that time: nothing is on any more.
    #[must_use]
    pub fn has_expired(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.lease.is_some_and(|until| until <= now.as_secs())
    }

    /// What is on at that time: nothing, with nothing to hide, if the lease has ended.
    #[must_use]
    pub fn in_force(self, now: SystemTime) -> Self {
        match self.has_expired(now) {
            true => Self::default(),
            false => self,
        }
    }
}

fn read_bounded(path: &Path) -> io::Result<String> {
    let length = std::fs::metadata(path)?.len();
    if length > MAX_BYTES {
        let reason = format!("it has {length} bytes, allowed are {MAX_BYTES}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
    }
    std::fs::read_to_string(path)
}

/// Replaces the file at `path` by renaming a new one, which is in the same folder.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = tempfile::Builder::new()
        .prefix(".flags-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(Permissions::from_mode(READABLE))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
