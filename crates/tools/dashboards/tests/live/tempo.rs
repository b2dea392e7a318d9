//! The stand-in for Tempo: keeps the spans of one stage, and counts their bytes by service.

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// Runs until dropped.
pub(crate) struct Tempo {
    /// Where services export to.
    pub(crate) otlp: String,
    /// The `host:port` of Tempo's HTTP API.
    pub(crate) address: String,
    servers: [AbortHandle; 2],
}

impl Drop for Tempo {
    fn drop(&mut self) {
        self.servers.iter().for_each(AbortHandle::abort);
    }
}

impl Tempo {
    pub(crate) async fn start() -> Self {
        let store = mini_tempo::Store::new(mini_tempo::DEFAULT_MAX_SPANS);
        let (otlp, receiver) = serve(mini_tempo::receiver(store.clone())).await;
        let (address, api) = serve(mini_tempo::api(store)).await;
        Self {
            otlp: format!("http://{otlp}"),
            address,
            servers: [receiver, api],
        }
    }
}

/// Serves `app`; returns its `host:port`.
async fn serve(app: Router) -> (String, AbortHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let server = tokio::spawn(axum::serve(listener, app).into_future());
    (address, server.abort_handle())
}
