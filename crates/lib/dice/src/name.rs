//! Names of dice, as given by clients.

/// The longest name that is looked up, in characters; dice have at most 32. It is far below the
/// limit of query strings, which repeated percent-encoding must not exceed.
pub const MAX_NAME: usize = 64;

/// A name that is too long for any die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown die: a name has at most {MAX_NAME} characters, but this one has {characters}")]
pub struct NameTooLong {
    /// Its length in characters.
    pub characters: usize,
}

/// Checks the length of a name. Every service does so before it passes the name on, so that no
/// later service rejects a name that an earlier one accepted.
///
/// # Errors
/// [`NameTooLong`] if it has more than [`MAX_NAME`] characters.
pub fn check_name(name: &str) -> Result<(), NameTooLong> {
    match name.chars().count() {
        0..=MAX_NAME => Ok(()),
        characters => Err(NameTooLong { characters }),
    }
}
