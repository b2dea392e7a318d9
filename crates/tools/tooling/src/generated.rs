//! Committed files that a program generates: written, or compared with what it would write.

use std::path::PathBuf;
use std::{fs, io};

/// Writes each file with its text, and makes its folder if there is none.
///
/// # Errors
/// If a file cannot be written.
pub fn write(files: impl IntoIterator<Item = (PathBuf, String)>) -> io::Result<()> {
    for (path, text) in files {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// Whether each file has its text. Prints the path of each that has not, and that `cargo xtask` with
/// the name of the `generator` writes it.
///
/// # Errors
/// If a file cannot be read; a missing one is out of date.
pub fn check(
    generator: &str,
    files: impl IntoIterator<Item = (PathBuf, String)>,
) -> io::Result<bool> {
    let mut current = true;
    for (path, text) in files {
        let written = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            other => other?,
        };
        if written != text {
            let path = path.display();
            eprintln!("{generator}: {path} is out of date: run `cargo xtask {generator}`");
            current = false;
        }
    }
    Ok(current)
}
