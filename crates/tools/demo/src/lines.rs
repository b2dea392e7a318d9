//! Where the lines of the services go.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use mini_alloy::{Handle, Route};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::ChildStdout;
use tokio::task::JoinHandle;

use crate::cli::Options;
use crate::words::Words;

/// The destinations of this run.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    to_stdout: bool,
    directory: Option<PathBuf>,
    usage: Option<Usage>,
}

/// What becomes of usage lines that do not simply go where the others go.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    pub(crate) pipeline: Handle,
    /// Whether they go where the others go as well.
    pub(crate) everywhere: bool,
}

impl Lines {
    /// Creates the directory.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn new(options: &Options, usage: Option<Usage>) -> Result<Self, String> {
        if let Some(directory) = &options.log_dir {
            std::fs::create_dir_all(directory).map_err(|error| {
                format!(
                    "--log-dir {} cannot be created: {error}",
                    directory.display()
                )
            })?;
        }
        Ok(Self {
            to_stdout: options.logs,
            directory: options.log_dir.clone(),
            usage,
        })
    }

    /// Takes each line that a service writes, until its last: into its `file`, if it has one.
    pub(crate) fn follow(
        &self,
        stdout: ChildStdout,
        file: Option<File>,
        words: Words,
    ) -> JoinHandle<()> {
        tokio::spawn(self.clone().pass_on(stdout, file, words))
    }

    /// The file of the service of that name, if lines go to files.
    ///
    /// # Errors
    /// Names the file and the flag when it cannot be opened.
    pub(crate) fn file(&self, name: &str) -> Result<Option<File>, String> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        let path = directory.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&path);
        file.map(Some).map_err(|error| {
            let path = path.display();
            format!("its log file {path} cannot be written ({error}); choose another directory with --log-dir")
        })
    }

    async fn pass_on(self, stdout: ChildStdout, mut file: Option<File>, words: Words) {
        let mut lines = BufReader::new(stdout).split(b'\n');
        while let Ok(Some(mut line)) = lines.next_segment().await {
            words.log_line(&line);
            if self.taken(&line).await {
                continue;
            }
            line.push(b'\n');
            // A reader that went away is no reason to stop the service; one that stalls holds up this
            // task alone, and the service then drops lines and counts them.
            if self.to_stdout {
                let mut stdout = tokio::io::stdout();
                let _ = stdout.write_all(&line).await;
                let _ = stdout.flush().await;
            }
            if let Some(file) = &mut file {
                let _ = file.write_all(&line);
            }
        }
    }

    /// Whether `line` is a usage line that is none of the others' business. Waits while usage-sink
    /// is away and too many wait for it: then, too, the service drops lines and counts them.
    async fn taken(&self, line: &[u8]) -> bool {
        match &self.usage {
            None => false,
            Some(usage) => usage.pipeline.line(line).await == Route::Usage && !usage.everywhere,
        }
    }
}
