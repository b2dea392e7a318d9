//! A service that ends with an error: the error is logged, and its spans are exported.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use mini_tempo::Store;
use service::{Program, main_from};
use telemetry::Service;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
struct Config {}

const PROGRAM: Program = Program {
    service: Service {
        name: "doomed",
        version: "0",
    },
    about: "Fails",
};

#[test]
fn spans_are_flushed_when_run_returns_an_error() {
    let runtime = Runtime::new().expect("threads");
    let store = Store::new(10);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a free port");
    let otlp = format!(
        "--otlp-endpoint=http://{}",
        listener.local_addr().expect("bound")
    );
    runtime.spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    // The batch would wait for a minute: only a flush exports it.
    let arguments = [
        "doomed",
        "--listen=127.0.0.1:0",
        "--span-delay=60000",
        &otlp,
    ];
    let ended = main_from(
        PROGRAM,
        arguments.map(OsString::from),
        |Config {}, _listener, _losses| async {
            tracing::info_span!("last words").in_scope(|| {});
            Err(io::Error::other("the listener broke"))
        },
    );
    // ExitCode does not implement PartialEq.
    assert_eq!(format!("{ended:?}"), format!("{:?}", ExitCode::FAILURE));
    let traces = store.traces();
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0].spans()[0].name(), "last words");
}
