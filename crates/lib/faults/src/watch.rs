//! The thread that reads the file of flags whenever it changes.
//!
//! It has a thread of its own, because a fault can block the async runtime, and still has to end.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crate::fault::Fault;
use crate::flags::{Flags, FlagsError};
use crate::switch;

/// The time between two looks at the file, and between two calls of an effect.
pub const TICK: Duration = Duration::from_millis(100);

/// The file that is watched.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// How often a file could not be used.
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// What faults do on their own, without a request.
static EFFECTS: Mutex<Vec<Effect>> = Mutex::new(Vec::new());

struct Effect {
    fault: Fault,
    is_on: bool,
    apply: Box<dyn FnMut(Option<f64>) + Send>,
}

/// Sets the switches of this process, which runs `service`, to the file at `path`, now and whenever
/// it changes. A file that cannot be used changes nothing; `report` gets its error, once for each
/// error in a row.
///
/// # Errors
/// If the system has no thread left.
pub fn watch(
    path: PathBuf,
    service: &'static str,
    report: impl FnMut(&FlagsError) + Send + 'static,
) -> io::Result<()> {
    FILE.get_or_init(|| path.clone());
    let mut watched = Watched {
        path,
        service,
        report,
        flags: Flags::default(),
        seen: None,
        reported: String::new(),
    };
    watched.look();
    let thread = std::thread::Builder::new().name("flags".to_owned());
    thread.spawn(move || {
        loop {
            #[expect(clippy::disallowed_methods, reason = "this thread is no worker thread")]
            std::thread::sleep(TICK);
            watched.look();
            apply_effects();
        }
    })?;
    Ok(())
}

/// The file of flags that this process watches, if any.
#[must_use]
pub fn watched_file() -> Option<&'static Path> {
    FILE.get().map(PathBuf::as_path)
}

/// Calls `apply` every [`TICK`] with the strength of `fault` while it is on, and once with None when
/// it is switched off. Without [`watch`], it is never called. It must not block.
pub fn while_on(fault: Fault, apply: impl FnMut(Option<f64>) + Send + 'static) {
    let effect = Effect {
        fault,
        is_on: false,
        apply: Box::new(apply),
    };
    effects().push(effect);
}

/// How much is due at each call of an effect, from an amount per second; fractions are carried over.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pace(f64);

impl Pace {
    /// The whole number that is due after another [`TICK`].
    pub fn due(&mut self, per_second: f64) -> usize {
        self.0 += per_second * TICK.as_secs_f64();
        let due = self.0.floor();
        self.0 -= due;
        // Not negative, and small.
        due as usize
    }
}

/// How often the file could not be used since the process started.
#[must_use]
pub fn reload_failures() -> u64 {
    FAILURES.load(Ordering::Relaxed)
}

fn effects() -> std::sync::MutexGuard<'static, Vec<Effect>> {
    EFFECTS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn apply_effects() {
    for effect in effects().iter_mut() {
        let strength = switch::strength(effect.fault);
        if strength.is_some() || effect.is_on {
            (effect.apply)(strength);
        }
        effect.is_on = strength.is_some();
    }
}

/// A file that is looked at again and again.
struct Watched<R> {
    path: PathBuf,
    service: &'static str,
    report: R,
    /// The last file that could be used.
    flags: Flags,
    /// The version of the file that was read last.
    seen: Option<Option<Version>>,
    /// The error of the last file, empty if there was none.
    reported: String,
}

/// What changes when a file is replaced or written: device, inode, length, time of the change.
#[derive(PartialEq, Eq)]
struct Version([i64; 2], u64, u64);

impl Version {
    fn of(metadata: &Metadata) -> Self {
        let time = [metadata.ctime(), metadata.ctime_nsec()];
        Self(time, metadata.ino(), metadata.len())
    }
}

fn version(path: &Path) -> Option<Version> {
    let metadata = std::fs::metadata(path);
    metadata.ok().as_ref().map(Version::of)
}

impl<R: FnMut(&FlagsError)> Watched<R> {
    /// Reads the file if it is another one than the last time, and ends what its lease does not cover.
    fn look(&mut self) {
        if self.flags.has_expired(SystemTime::now()) {
            self.flags = Flags::default();
            switch::set(&self.flags, self.service);
        }
        // Before it is read: what is written after that is seen the next time.
        let version = Some(version(&self.path));
        if version == self.seen {
            return;
        }
        self.seen = version;
        match Flags::read(&self.path) {
            Ok(flags) => {
                self.flags = flags.in_force(SystemTime::now());
                switch::set(&self.flags, self.service);
                self.reported.clear();
            }
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &FlagsError) {
        FAILURES.fetch_add(1, Ordering::Relaxed);
        let words = error.to_string();
        if words != self.reported {
            (self.report)(error);
            self.reported = words;
        }
    }
}
