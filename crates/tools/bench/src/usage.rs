//! What a process has used, by the kernel's accounting.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use testkit::Process;

/// CPU time of a process so far, user and system, ended threads included; to the nanosecond, unlike
/// `/proc/PID/stat`, which counts in hundredths of a second.
pub(crate) fn cpu_time(process: u32) -> Duration {
    let process = i32::try_from(process).expect("process ids are small");
    let clock = clock_getcpuclockid(Pid::from_raw(process)).expect("the process runs");
    let time = clock_gettime(clock).expect("the process runs");
    time.into()
}

/// CPU time of all children that have ended and were waited for.
pub(crate) fn cpu_time_of_children() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("always allowed");
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec()).unwrap_or_default() * 1_000_000
            + u64::try_from(time.tv_usec()).unwrap_or_default()
    };
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

/// Resident memory in MB.
pub(crate) fn resident_mb(process: &Process) -> f64 {
    megabytes(process.memory().resident)
}

/// 10^6 bytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Microseconds for each of `count`.
pub(crate) fn micros_each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}
