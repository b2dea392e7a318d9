//! A server whose handlers make mistakes.

use std::convert::Infallible;
use std::future::pending;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use futures_util::stream;
use service::Server;
use telemetry::http::{Admission, Limits, Route};
use telemetry::{Losses, Service};
use tokio::net::TcpListener;

pub(crate) const SERVICE: Service = Service {
    name: "careless",
    version: "0",
};

/// An answer that breaks once its head is sent.
async fn breaks() -> Body {
    let first = Ok::<_, Infallible>(Bytes::from_static(b"so far so good"));
    let parts = [first]
        .into_iter()
        .chain(std::iter::from_fn(|| panic!("in a body")));
    Body::from_stream(stream::iter(parts))
}

async fn panics() {
    panic!("a mistake that has a text");
}

/// Serves `/good`, `/panics`, `/breaks` and `POST /echo`, and `losses` in `/metrics`; returns the
/// address.
pub(crate) async fn serve(losses: &Losses, limits: Limits) -> String {
    let registry = telemetry::metrics::registry(SERVICE, losses);
    let admission = Admission::new(&registry, limits);
    let own = Router::new()
        .route("/good", get(|| async { "good" }))
        .route("/panics", get(panics))
        .route("/breaks", get(breaks))
        .route("/echo", post(|body: Bytes| async { body }));
    let routes = ["/good", "/panics", "/breaks", "POST /echo"];
    let routes = routes.map(|route| Route::new(route, &[200]));
    let app = service::app(own, &registry, &routes, &admission);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    tokio::spawn(Server::new(app, admission).run(listener, pending()));
    address
}
