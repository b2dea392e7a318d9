//! The folder of a running demo.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use faults::{Flags, FlagsError};
use nix::unistd::Uid;
use stages::Stage;

/// The file of flags, in the folder of a demo.
const FLAGS: &str = "flags.json";

/// The file about the demo: its stage, and `ktrdr` if it runs KTRDR.
const ABOUT: &str = "demo";

/// Only this user may look into the folders.
const PRIVATE: u32 = 0o700;

/// The folder of this demo. Removed when dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Locked as long as it lives.
    _about: File,
}

impl Folder {
    /// Makes the folder of the demo whose entry has `port`, with every fault off.
    ///
    /// # Errors
    /// With a message for the terminal.
    pub(crate) fn create(port: u16, stage: Stage, ktrdr: bool) -> Result<Self, String> {
        let path = all().join(port.to_string());
        let attempt = || make(&path).and_then(|()| claim(&path, stage, ktrdr));
        // The last other demo may have removed the parent folder in the middle of it.
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let created = match attempt() {
            Err(error) if gone(&error) => attempt(),
            result => result,
        };
        let about = created.map_err(|error| format!("cannot use {}: {error}", path.display()))?;
        let folder = Self {
            path,
            _about: about,
        };
        // One that was killed may have left its faults on.
        let written = Flags::default().write(&folder.flags());
        written.map_err(|error: FlagsError| error.to_string())?;
        Ok(folder)
    }

    /// The file of flags.
    pub(crate) fn flags(&self) -> PathBuf {
        self.path.join(FLAGS)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
        // Fails while other demos run.
        let _ = std::fs::remove_dir(all());
    }
}

/// A demo that is running.
#[derive(Debug)]
pub(crate) struct Demo {
    pub(crate) port: u16,
    pub(crate) stage: Stage,
    pub(crate) ktrdr: bool,
    pub(crate) flags: PathBuf,
}

/// The demos of this user that are running.
pub(crate) fn running() -> Vec<Demo> {
    let Ok(folders) = std::fs::read_dir(all()) else {
        return Vec::new();
    };
    let folders = folders.flatten().map(|folder| folder.path());
    let mut demos: Vec<Demo> = folders.filter_map(|folder| demo(&folder)).collect();
    demos.sort_by_key(|demo| demo.port);
    demos
}

/// The demo of a folder; none if it does not run, or the folder is not one of a demo.
fn demo(folder: &Path) -> Option<Demo> {
    let port = folder.file_name()?.to_str()?.parse().ok()?;
    let mut file = File::open(folder.join(ABOUT)).ok()?;
    if file.try_lock_shared().is_ok() {
        // Its demo was killed.
        return None;
    }
    let mut about = String::new();
    file.read_to_string(&mut about).ok()?;
    let mut words = about.split_whitespace();
    let number: u8 = words.next()?.parse().ok()?;
    Some(Demo {
        port,
        stage: Stage::try_from(number).ok()?,
        ktrdr: words.next().is_some(),
        flags: folder.join(FLAGS),
    })
}

/// The folder with the folders of this user's demos.
fn all() -> PathBuf {
    std::env::temp_dir().join(format!("dice-demo-{}", Uid::current()))
}

/// Makes the folder at `path`. The one above it has a name that others know: it must belong to this
/// user, and only this user may write to it.
fn make(path: &Path) -> io::Result<()> {
    let all = all();
    let made = DirBuilder::new().mode(PRIVATE).create(&all);
    made.or_else(|error| exists(error, &all))?;
    let metadata = all.symlink_metadata()?;
    let is_own = metadata.is_dir() && metadata.uid() == Uid::current().as_raw();
    if !is_own || metadata.permissions().mode() & 0o077 != 0 {
        let reason = "another user has access to its parent folder; remove that, or set TMPDIR";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    let made = DirBuilder::new().mode(PRIVATE).create(path);
    made.or_else(|error| exists(error, path))
}

/// A folder that exists already is as good as a new one.
fn exists(error: io::Error, path: &Path) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::AlreadyExists if path.is_dir() => Ok(()),
        _ => Err(error),
    }
}

/// Writes the file about a demo, and locks it.
fn claim(folder: &Path, stage: Stage, ktrdr: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).write(true);
    let mut about = options.open(folder.join(ABOUT))?;
    about.try_lock()?;
    about.set_len(0)?;
    let ktrdr = if ktrdr { " ktrdr" } else { "" };
    writeln!(about, "{stage}{ktrdr}")?;
    Ok(about)
}
