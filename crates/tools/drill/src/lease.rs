//! The file of flags while a drill runs: hidden, and valid for a few seconds, which the drill renews.
//!
//! A drill that ends switches its fault off. One that is killed cannot, but its lease ends: services
//! then take nothing in the file for granted, and the next drill replaces it.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use faults::{Fault, Flags, FlagsError};

use crate::clock::seconds;

/// How long the file holds without being renewed.
const LEASE: Duration = Duration::from_secs(12);

/// The interval of renewals: a missed one or two do not end the lease.
pub(crate) const RENEWAL: Duration = Duration::from_secs(3);

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FlagsError),
    /// There is another drill.
    #[error("another drill is running; end it first, or wait {0} s if it was killed")]
    Taken(u64),
    /// The learner would find those.
    #[error("these faults are on already: {0}; switch them off first")]
    Faults(String),
}

/// The file, held by a drill. Every fault is off once it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    file: PathBuf,
    flags: Flags,
}

impl Lease {
    /// Takes the file, with every fault off.
    ///
    /// # Errors
    /// If another drill runs, a fault is on, or the file cannot be written.
    pub(crate) fn take(file: PathBuf) -> Result<Self, LeaseError> {
        let now = SystemTime::now();
        let found = Flags::read(&file)?;
        let until = found.lease().unwrap_or_default();
        let found = found.in_force(now);
        if found.is_hidden() {
            return Err(LeaseError::Taken(until.saturating_sub(seconds(now)) + 1));
        }
        let on: Vec<&str> = found.on().map(|(fault, _)| fault.name()).collect();
        if !on.is_empty() {
            return Err(LeaseError::Faults(on.join(", ")));
        }
        let mut flags = Flags::default();
        flags.set_hidden(true);
        let mut lease = Self { file, flags };
        lease.renew()?;
        Ok(lease)
    }

    /// Switches `fault` on, with its default strength.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn begin(&mut self, fault: Fault) -> Result<(), FlagsError> {
        let strength = self.flags.switch_on(fault, None);
        strength.expect("the default strength is in the range");
        self.renew()
    }

    /// Makes the file hold for another while.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn renew(&mut self) -> Result<(), FlagsError> {
        let until = SystemTime::now() + LEASE;
        self.flags.set_lease(Some(seconds(until)));
        self.flags.write(&self.file)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Err(error) = Flags::default().write(&self.file) {
            eprintln!("drill: {error}; the fault ends within {LEASE:?}");
        }
    }
}
