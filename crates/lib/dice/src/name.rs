//! Names of dice, as clients write them.

/// The longest name that is looked up, in characters; dice have at most 32. Far enough below the
/// bound on query strings that none grows beyond it, however often it is encoded anew on its way.
pub const MAX_NAME: usize = 64;

/// A name that no die can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such die: a name has at most {MAX_NAME} characters, this one has {characters}"
)]
pub struct NameTooLong {
    /// Its length.
    pub characters: usize,
}

/// Checks what a client calls a die. Every service does so before it passes the name on, so that
/// no later one refuses what an earlier one took.
///
/// # Errors
/// [`NameTooLong`].
pub fn check_name(name: &str) -> Result<(), NameTooLong> {
    match name.chars().count() {
        0..=MAX_NAME => Ok(()),
        characters => Err(NameTooLong { characters }),
    }
}
