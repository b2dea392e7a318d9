//! Lost lines: the first one is reported with the reason, and their number at the end.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::terminal::say;

/// The lines lost on the way to one destination.
#[derive(Debug)]
pub(crate) struct Missing {
    /// The destination, as in `in FILE`.
    place: String,
    lines: u64,
}

impl Missing {
    pub(crate) fn new(place: String) -> Self {
        Self { place, lines: 0 }
    }

    /// Counts a lost line; the reason is reported for the first one.
    pub(crate) fn add(&mut self, reason: &str) {
        if self.lines == 0 {
            say(&format!("demo: {reason}: lines are lost and counted"));
        }
        self.lines += 1;
    }
}

impl Drop for Missing {
    fn drop(&mut self) {
        let Self { place, lines } = self;
        match lines {
            0 => {}
            1 => say(&format!("demo: 1 line is missing {place}")),
            _ => say(&format!("demo: {lines} lines are missing {place}")),
        }
    }
}

/// The log file of a service.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    path: PathBuf,
    /// Whether the file ends with a partial line after a failed write.
    is_torn: bool,
    missing: Missing,
}

impl LogFile {
    /// Opens the file for appending, or creates it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        Ok(Self {
            file: File::options().create(true).append(true).open(&path)?,
            missing: Missing::new(format!("in {}", path.display())),
            path,
            is_torn: false,
        })
    }

    /// Writes a line with a line break. A line that cannot be written completely is counted as
    /// lost.
    pub(crate) fn write(&mut self, line: &[u8]) {
        if let Err(error) = self.append(line) {
            let path = self.path.display();
            self.missing
                .add(&format!("{path} cannot be written ({error})"));
        }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.is_torn = false;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.is_torn = !rest.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
