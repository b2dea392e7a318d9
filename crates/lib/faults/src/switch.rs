//! The switches of this process: which of its faults are on, as code that has a fault asks.
//!
//! They are process-wide, as a fault is a property of the process. While none is on, a question costs
//! one relaxed load of an atomic, see `docs/decisions/faults.md`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::Fault;
use crate::flags::Flags;

/// The bits of each fault's strength, 0 if it is off.
static STRENGTHS: [AtomicU64; Fault::ALL.len()] = [const { AtomicU64::new(0) }; Fault::ALL.len()];

/// The strength of `fault` in this process; None while it is off, or if another service has it.
#[must_use]
pub fn strength(fault: Fault) -> Option<f64> {
    match STRENGTHS[fault.index()].load(Ordering::Relaxed) {
        0 => None,
        bits => Some(f64::from_bits(bits)),
    }
}

/// Whether `fault` is on in this process.
#[must_use]
pub fn is_on(fault: Fault) -> bool {
    strength(fault).is_some()
}

/// Whether `fault`, whose strength is a share, strikes this time.
#[must_use]
pub fn strikes(fault: Fault) -> bool {
    strength(fault).is_some_and(|share| rand::random_bool(share.clamp(0.0, 1.0)))
}

/// Sets the switches of the faults that `service` has.
pub(crate) fn set(flags: &Flags, service: &str) {
    for fault in Fault::ALL {
        let strength = flags.strength(fault).filter(|_| fault.is_in(service));
        let bits = strength.map_or(0, f64::to_bits);
        STRENGTHS[fault.index()].store(bits, Ordering::Relaxed);
    }
}
