//! Skipped tests. Each prints a line with the reason, which `cargo xtask test` repeats.

use std::fmt::Display;

/// Reports that this test is skipped because of the machine, also on CI.
pub fn skip(why: impl Display) {
    tooling::skip::skipped(why);
}

/// Reports that this test is skipped because `what` is not installed.
///
/// # Panics
/// When the variable CI is set: there, everything is installed.
pub fn skip_without(what: impl Display) {
    assert!(std::env::var_os("CI").is_none(), "this test needs {what}");
    skip(format_args!("this test needs {what}"));
}
