//! The faults, by name.

use std::fmt;
use std::str::FromStr;

use crate::spec::{EVERY_SERVICE, Spec};
use crate::table;

/// A fault. [`Fault::spec`] has its row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fault {
    /// die-service answers late.
    SlowDieService,
    /// die-service answers a share of its requests with an error.
    FailingDieService,
    /// dice-roller answers late.
    SlowDiceRoller,
    /// dice-roller answers a share of its requests with an error.
    FailingDiceRoller,
    /// dice-roller's handlers block the worker threads of its async runtime.
    BlockedWorker,
    /// The frontend abandons requests early and repeats them.
    RetryStorm,
    /// dice-roller's memory grows until the process is killed.
    MemoryLeak,
    /// die-service takes connections from its pool and does not return them.
    PoolLeak,
    /// The table of dice is locked.
    LockedTable,
    /// The frontend calls dice-roller without the trace context.
    LostContext,
    /// The frontend logs far more lines than usual.
    LogFlood,
    /// A metric of dice-roller gets label values without bound.
    LabelExplosion,
    /// dice-roller reports another version, which has errors.
    BadRelease,
    /// The services' spans do not reach the collector.
    DeadCollector,
    /// usage-sink refuses deliveries.
    RefusingUsageSink,
    /// A KTRDR worker makes no progress while its heartbeats continue.
    HungWorker,
    /// One face of each die is twice as likely as the others.
    LoadedDie,
}

/// A name that no fault has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no fault {0:?}; the faults are {known}", known = names())]
pub struct UnknownFault(pub String);

impl Fault {
    /// All faults, in the order of the table.
    pub const ALL: [Self; 17] = [
        Self::SlowDieService,
        Self::FailingDieService,
        Self::SlowDiceRoller,
        Self::FailingDiceRoller,
        Self::BlockedWorker,
        Self::RetryStorm,
        Self::MemoryLeak,
        Self::PoolLeak,
        Self::LockedTable,
        Self::LostContext,
        Self::LogFlood,
        Self::LabelExplosion,
        Self::BadRelease,
        Self::DeadCollector,
        Self::RefusingUsageSink,
        Self::HungWorker,
        Self::LoadedDie,
    ];

    /// Its row of the table.
    #[must_use]
    pub fn spec(self) -> &'static Spec {
        &table::SPECS[self.index()]
    }

    /// Its name in the file of flags and on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Whether `service` has it.
    #[must_use]
    pub fn is_in(self, service: &str) -> bool {
        let has = self.spec().service;
        has == service || has == EVERY_SERVICE
    }

    /// Its position in [`Fault::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// All names, for an error.
fn names() -> String {
    let names: Vec<&str> = Fault::ALL.into_iter().map(Fault::name).collect();
    names.join(", ")
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        let found = Self::ALL.into_iter().find(|fault| fault.name() == name);
        found.ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
