//! "Roll completed" and "Async roll completed" lines, from Loki or from files with dice-roller's
//! output.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::Options;
use super::loki::{Loki, Which};
use super::source::nanos;
use crate::error::Error;

/// The messages of completed rolls.
pub(super) const ROLL: &str = "Roll completed";
pub(super) const BATCH_ROLL: &str = "Async roll completed";

/// Lines about completed rolls, by trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) rolls: u64,
    pub(super) batch_rolls: u64,
}

/// The fields of a log line that are used.
#[derive(Deserialize)]
pub(super) struct Line {
    pub(super) message: Option<String>,
    pub(super) trace_id: Option<String>,
    /// The service that wrote the line.
    pub(super) logger: Option<String>,
}

/// Lines and their bytes by service and trace id.
#[derive(Debug, Default)]
pub(super) struct Written(BTreeMap<String, HashMap<String, (u64, u64)>>);

impl Written {
    /// The lines of `service` that belong to the traces `ours`, and their bytes.
    pub(super) fn of(&self, service: &str, ours: &HashSet<String>) -> (u64, u64) {
        let traces = self.0.get(service);
        let own = ours.iter().filter_map(|trace| traces?.get(trace));
        own.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
    }

    fn add(&mut self, service: &str, trace_id: &str, bytes: usize) {
        let traces = self.0.entry(service.to_owned()).or_default();
        let (lines, sum) = traces.entry(trace_id.to_owned()).or_default();
        *lines += 1;
        *sum += bytes as u64;
    }
}

/// Counts of lines by trace id: those of completed rolls, and all.
#[derive(Debug, Default)]
pub(super) struct Counted {
    completed: HashMap<String, Lines>,
    written: Written,
}

impl Counted {
    /// Counts a line of so many bytes, if it belongs to a trace.
    pub(super) fn add(&mut self, line: &Line, trace_id: Option<&str>, bytes: usize) {
        let (Some(message), Some(trace_id)) = (&line.message, trace_id) else {
            return;
        };
        if let Some(service) = &line.logger {
            self.written.add(service, trace_id, bytes);
        }
        let lines = self.completed.entry(trace_id.to_owned()).or_default();
        match message.as_str() {
            ROLL => lines.rolls += 1,
            BATCH_ROLL => lines.batch_rolls += 1,
            _ => {}
        }
    }

    /// The number of lines that belong to the traces `ours`.
    fn of(&self, ours: &HashSet<String>) -> Lines {
        let mut sum = Lines::default();
        for lines in ours.iter().filter_map(|trace| self.completed.get(trace)) {
            sum.rolls += lines.rolls;
            sum.batch_rolls += lines.batch_rolls;
        }
        sum
    }
}

/// Where lines come from, if they are checked.
enum From {
    Nowhere,
    Files(Vec<LogFile>),
    Loki(Loki),
}

/// The lines read so far.
pub(super) struct LineCounter {
    from: From,
    counted: Counted,
}

impl LineCounter {
    pub(super) fn open(options: &Options) -> Result<Self, Error> {
        let from = match &options.loki {
            Some(url) => From::Loki(Loki::new(url)),
            None if options.log_file.is_empty() => From::Nowhere,
            None => {
                let files = options.log_file.iter().map(LogFile::open);
                From::Files(files.collect::<Result<_, _>>()?)
            }
        };
        Ok(Self {
            from,
            counted: Counted::default(),
        })
    }

    /// Reads new lines. From Loki it reads everything since `begin`, in nanoseconds since 1970,
    /// because lines arrive there out of order.
    pub(super) async fn read(&mut self, begin: u64) -> Result<(), Error> {
        match &mut self.from {
            From::Nowhere => {}
            From::Loki(loki) => {
                let now = nanos(SystemTime::now());
                self.counted = loki.read(Which::Completed, begin, now).await?;
            }
            From::Files(files) => {
                for file in files {
                    file.read(&mut self.counted).await?;
                }
            }
        }
        Ok(())
    }

    /// The number of lines that belong to the traces `ours`; none if lines are not checked.
    pub(super) fn of(&self, ours: &HashSet<String>) -> Option<Lines> {
        match self.from {
            From::Nowhere => None,
            From::Files(_) | From::Loki(_) => Some(self.counted.of(ours)),
        }
    }

    /// All lines since `begin`, in nanoseconds since 1970; none if lines are not checked. Loki is asked
    /// for all of them only here, not in each round of reading.
    pub(super) async fn written(&mut self, begin: u64) -> Result<Option<&Written>, Error> {
        match &self.from {
            From::Nowhere => return Ok(None),
            From::Loki(loki) => {
                self.counted = loki
                    .read(Which::All, begin, nanos(SystemTime::now()))
                    .await?;
            }
            From::Files(_) => {}
        }
        Ok(Some(&self.counted.written))
    }
}

/// A log file that another process appends to.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    /// The offset of the first line not read yet.
    offset: u64,
}

impl LogFile {
    /// Starts at the end of the file: its current content is not part of this run.
    fn open(path: &PathBuf) -> Result<Self, Error> {
        let length = std::fs::metadata(path).map(|metadata| metadata.len());
        Ok(Self {
            path: path.clone(),
            offset: length.map_err(|error| local(path, &error))?,
        })
    }

    /// Counts the lines appended since the last call.
    async fn read(&mut self, counted: &mut Counted) -> Result<(), Error> {
        let (path, offset) = (self.path.clone(), self.offset);
        let read = spawn_blocking(move || appended(&path, offset)).await;
        let read = read.expect("reading a file does not panic");
        let appended = read.map_err(|error| local(&self.path, &error))?;
        // A last line without a line break is incomplete and is read again next time.
        for line in appended.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            self.offset += line.len() as u64;
            if let Ok(read) = serde_json::from_slice::<Line>(line) {
                counted.add(&read, read.trace_id.as_deref(), line.len());
            }
        }
        Ok(())
    }
}

fn appended(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn local(path: &Path, error: &io::Error) -> Error {
    Error::Local(format!("--log-file {}: {error}", path.display()))
}
