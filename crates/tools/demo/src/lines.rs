//! Destinations of the services' log lines.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use mini_alloy::{Handle, Route};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdout;
use tokio::task::JoinHandle;

use crate::bounded_lines::{BoundedLines, Line};
use crate::cli::Options;
use crate::held_output::HeldOutput;
use crate::missing::{LogFile, Missing};

/// The maximum length of a line in bytes. The services cut each text written by a client to 1 KiB,
/// so their lines are far shorter.
const LONGEST: usize = 64 << 10;

/// The destinations of this run.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    /// Standard output, if lines go there, with the count of lost lines.
    stdout: Option<Arc<Mutex<Missing>>>,
    directory: Option<PathBuf>,
    usage: Option<Usage>,
}

/// The routing of usage lines, if they do not simply go with the other lines.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    pub(crate) pipeline: Handle,
    /// Whether they also go with the other lines.
    pub(crate) everywhere: bool,
}

impl Lines {
    /// Creates the directory.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn new(options: &Options) -> Result<Self, String> {
        if let Some(directory) = &options.log_dir {
            std::fs::create_dir_all(directory).map_err(|error| {
                format!(
                    "--log-dir {} cannot be created: {error}",
                    directory.display()
                )
            })?;
        }
        let stdout = || Arc::new(Mutex::new(Missing::new("on standard output".to_owned())));
        Ok(Self {
            stdout: options.logs.then(stdout),
            directory: options.log_dir.clone(),
            usage: None,
        })
    }

    /// The same, with usage lines going there.
    pub(crate) fn with_usage(self, usage: Option<Usage>) -> Self {
        Self { usage, ..self }
    }

    /// Reads each line of the service with that name until the end of its output, and writes it to
    /// `file`, if there is one.
    pub(crate) fn follow(
        &self,
        name: &str,
        stdout: ChildStdout,
        file: Option<LogFile>,
        held: HeldOutput,
    ) -> JoinHandle<()> {
        let too_long = Missing::new(format!("that {name} wrote"));
        tokio::spawn(self.clone().pass_on(stdout, file, held, too_long))
    }

    /// The log file of the service with that name, if lines go to files.
    ///
    /// # Errors
    /// Names the file and the flag when it cannot be opened.
    pub(crate) fn file(&self, name: &str) -> Result<Option<LogFile>, String> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        let path = directory.join(format!("{name}.log"));
        let shown = path.display().to_string();
        LogFile::open(path).map(Some).map_err(|error| {
            format!("its log file {shown} cannot be written ({error}); choose another directory with --log-dir")
        })
    }

    async fn pass_on(
        self,
        stdout: ChildStdout,
        mut file: Option<LogFile>,
        held: HeldOutput,
        mut too_long: Missing,
    ) {
        let mut lines = BoundedLines::new(stdout, LONGEST);
        while let Some(Line { mut text, cut }) = lines.next().await {
            held.log_line(&text);
            if cut > 0 {
                too_long.add(&format!("a line is longer than {LONGEST} bytes"));
                continue;
            }
            if self.taken(&text).await {
                continue;
            }
            text.push(b'\n');
            if let Some(missing) = &self.stdout
                && let Err(error) = print(&text).await
            {
                let mut missing = missing.lock().unwrap_or_else(PoisonError::into_inner);
                missing.add(&format!("standard output cannot be written ({error})"));
            }
            if let Some(file) = &mut file {
                file.write(&text);
            }
        }
    }

    /// Whether `line` is a usage line that must not go anywhere else. Waits while usage-sink is
    /// unavailable and its queue is full: the service then drops lines and counts them.
    async fn taken(&self, line: &[u8]) -> bool {
        match &self.usage {
            None => false,
            Some(usage) => usage.pipeline.line(line).await == Route::Usage && !usage.everywhere,
        }
    }
}

/// Writes to standard output. A closed pipe is no reason to stop the service; a reader that stalls
/// blocks only this task, and the service then drops lines and counts them.
async fn print(line: &[u8]) -> io::Result<()> {
    let mut stdout = tokio::io::stdout();
    stdout.write_all(line).await?;
    stdout.flush().await
}
