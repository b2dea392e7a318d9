//! Three services and a trace store on free ports.

use std::sync::Arc;

use mini_tempo::{Store, Trace};
use testkit::{Process, eventually};
use tokio::net::TcpListener;

/// The demo's own binary, which can run every service.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_demo");

/// The services, and every span they exported.
pub(crate) struct System {
    pub(crate) die_service: Process,
    pub(crate) dice_roller: Process,
    pub(crate) frontend: Process,
    pub(crate) store: Store,
    /// Where spans are received.
    pub(crate) otlp: String,
}

impl System {
    /// Starts everything; `roller` are further flags of dice-roller.
    pub(crate) async fn start(roller: &[&str]) -> Self {
        let (store, otlp) = collector().await;
        let die_service = service("die-service", &otlp, &[]).await;
        let die_service_url = format!("--die-service-url={}", die_service.url(""));
        let arguments = [&[die_service_url.as_str()], roller].concat();
        let dice_roller = service("dice-roller", &otlp, &arguments).await;
        let dice_roller_url = format!("--dice-roller-url={}", dice_roller.url(""));
        let arguments = [die_service_url.as_str(), &dice_roller_url];
        let frontend = service("frontend", &otlp, &arguments).await;
        Self {
            die_service,
            dice_roller,
            frontend,
            store,
            otlp,
        }
    }

    /// Starts everything with rolls that take no time.
    pub(crate) async fn quick() -> Self {
        Self::start(&["--roll-delay=0s"]).await
    }

    /// The trace with that id, once it has `spans` spans.
    pub(crate) async fn trace(&self, id: &str, spans: usize) -> Arc<Trace> {
        let id = id.parse().expect("an answer's trace id is one");
        eventually(&format!("{spans} spans of {id}"), || async {
            self.store
                .trace(id)
                .filter(|trace| trace.spans().len() >= spans)
        })
        .await
    }
}

/// One service that exports to `otlp`, on a free port.
pub(crate) async fn service(name: &str, otlp: &str, own: &[&str]) -> Process {
    let otlp = format!("--otlp-endpoint={otlp}");
    let listen = format!("--listen={}", testkit::free_address());
    let mut arguments = vec!["service", name, &listen, &otlp];
    if !own.iter().any(|flag| flag.starts_with("--span-delay")) {
        arguments.push("--span-delay=50");
    }
    Process::start(PROGRAM, &[&arguments, own].concat()).await
}

/// A trace store, and the URL where it receives spans.
pub(crate) async fn collector() -> (Store, String) {
    let store = Store::new(1_000_000);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let otlp = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(axum::serve(listener, mini_tempo::receiver(store.clone())).into_future());
    (store, otlp)
}

/// An address on which no service listens.
pub(crate) fn unused_url() -> String {
    format!("http://{}", testkit::free_address())
}
