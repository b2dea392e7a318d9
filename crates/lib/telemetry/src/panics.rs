//! A panic is counted, and is a log line, in the trace of the request that it ended, and not text
//! between lines.

use std::panic::{self, PanicHookInfo};

use prometheus::IntCounter;

/// Counts panics; from 0.
pub(crate) fn counter() -> IntCounter {
    IntCounter::new(
        "process_panics_total",
        "Panics anywhere in this process: in a handler, in the body of an answer, or in a task in \
         the background",
    )
    .expect("the name is valid")
}

/// From now on, panics of this process are counted in `panics` and logged. With `RUST_BACKTRACE` set, the backtrace goes to
/// standard error as well.
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
