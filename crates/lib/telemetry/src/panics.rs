//! Panics are counted and logged as JSON lines with the trace id of their request.

use std::panic::{self, PanicHookInfo};

use prometheus::IntCounter;

/// The counter of panics, at 0.
pub(crate) fn counter() -> IntCounter {
    IntCounter::new(
        "process_panics_total",
        "Panics anywhere in this process: in a handler, in the body of an answer, or in a task in \
         the background",
    )
    .expect("the name is valid")
}

/// Counts all panics of this process in `panics` and logs them. If `RUST_BACKTRACE` is set, the
/// backtrace is printed on standard error as well.
pub(crate) fn log(panics: IntCounter) {
    let before = panic::take_hook();
    let wants_backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    panic::set_hook(Box::new(move |panicked: &PanicHookInfo<'_>| {
        panics.inc();
        let location = panicked.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(
            cause = panicked.payload_as_str().unwrap_or("no text"),
            location,
            thread = thread.name(),
            "Panicked"
        );
        if wants_backtrace {
            before(panicked);
        }
    }));
}
