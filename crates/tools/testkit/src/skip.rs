//! Tests that cannot run here. Each says so in a line that `cargo xtask test` repeats.

use std::fmt::Display;

/// Says that this test is skipped because of the machine, as on CI.
pub fn skip(why: impl Display) {
    tooling::skip::skipped(why);
}

/// Says that this test is skipped because `what` is not installed.
///
/// # Panics
/// When the variable CI is set: there, everything is installed.
pub fn skip_without(what: impl Display) {
    assert!(std::env::var_os("CI").is_none(), "this test needs {what}");
    skip(format_args!("this test needs {what}"));
}
