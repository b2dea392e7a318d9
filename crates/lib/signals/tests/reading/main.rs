//! The readers against servers with real sockets.

mod errors;
mod loki;
mod prometheus;
mod tempo;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use url::Url;

/// A timeout that no answer here exceeds, except in tests of slow servers.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `app` on a free port while the test's runtime lives.
async fn serve(app: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, app).into_future());
    Url::parse(&format!("http://{address}/below/")).expect("a URL")
}
