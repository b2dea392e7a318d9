//! A file of flags that switches the faults of a process under test.

use std::path::PathBuf;

use faults::{Fault, Flags};
use tempfile::TempDir;

use crate::Process;

/// A file of flags in a folder of its own, removed when dropped. At first there is no file.
#[derive(Debug)]
pub struct FlagsFile(TempDir);

impl FlagsFile {
    /// A place for a file.
    ///
    /// # Panics
    /// When there is no room for a folder.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.path().join("flags.json")
    }

    /// The flag of a service that watches it.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--faults-file={}", self.path().display())
    }

    /// Switches these faults on, each with its strength, and every other one off.
    ///
    /// # Panics
    /// When a strength is not allowed, or the file cannot be written.
    pub fn set(&self, on: &[(Fault, f64)]) {
        let mut flags = Flags::default();
        for (fault, strength) in on {
            let switched = flags.switch_on(*fault, Some(*strength));
            switched.expect("an allowed strength");
        }
        flags.write(&self.path()).expect("a folder of this test");
    }

    /// Writes a file with this text.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, text: &str) {
        std::fs::write(self.path(), text).expect("a folder of this test");
    }
}

/// The names of faults in the log lines and metrics of `process`, which must not name any.
///
/// # Panics
/// When there is one.
pub async fn assert_unnamed(process: &Process) {
    let metrics: Vec<String> = process.metrics().await.series().collect();
    let lines = process.lines();
    let lines = lines.iter().map(ToString::to_string);
    for text in metrics.into_iter().chain(lines) {
        for fault in Fault::ALL {
            assert!(!text.contains(fault.name()), "{text} names {fault}");
        }
    }
}
