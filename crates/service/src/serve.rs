//! Serving: what surrounds a service's own routes, and how it ends.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::serve::ListenerExt;
use telemetry::http::{Route, instrument};
use telemetry::metrics::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::Problem;

/// How long requests in flight may take to end once the service was told to stop. Less than the
/// 10 s after which Docker kills, with the flush still to come.
const DRAIN_BOUND: Duration = Duration::from_secs(5);

/// A service's routes with everything around them: [`with_fallbacks`], the middleware, `/healthz`
/// and `/metrics`. `routes` are those whose series shall exist from the start.
pub fn app(own: Router, registry: &Registry, routes: &[Route]) -> Router {
    // Once more, for the two that the middleware adds.
    instrument(with_fallbacks(own), registry, routes).method_not_allowed_fallback(wrong_method)
}

/// Answers 404 and 405 as [`Problem`]s. A route that is added later has no such 405, and a layer
/// that is added earlier does not see it.
pub fn with_fallbacks(own: Router) -> Router {
    own.fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
}

/// Serves `app` until `shutdown` is ready, then lets requests in flight end, for up to 5 s.
///
/// # Errors
/// When the listener's address cannot be read.
pub async fn serve(
    app: Router,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, url = format!("http://{address}"), "Listening");
    // Answers are small and written at once: waiting to fill a segment only delays them.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let (draining, drain) = oneshot::channel();
    let stop = async move {
        shutdown.await;
        tracing::info!("Stopping: no new requests");
        let _ = draining.send(());
    };
    let serving = axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .into_future();
    let overdue = async {
        let _ = drain.await;
        tokio::time::sleep(DRAIN_BOUND).await;
    };
    tokio::select! {
        served = serving => served,
        () = overdue => {
            tracing::warn!(bound = ?DRAIN_BOUND, "Stopping: requests in flight were cut off");
            Ok(())
        }
    }
}

/// Ready at the first SIGTERM (Docker, the demo) or SIGINT (Ctrl-C).
///
/// # Panics
/// Outside a tokio runtime.
pub async fn terminated() {
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn no_route(uri: Uri) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is no {}", uri.path()))
}

/// The methods that there are differ by route, and axum lists them in the Allow header.
pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!(
        "{} takes no {method}; the Allow header says what it is there for",
        uri.path()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
