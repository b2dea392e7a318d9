//! The stand-in for Tempo: keeps the spans of one stage, and counts their bytes by service.

use testkit::free_address;
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
        let (otlp, address) = (free_address(), free_address());
        let listen = async |address: &str| {
            let listener = TcpListener::bind(address).await;
            listener.expect("a free port")
        };
        let receiver = axum::serve(listen(&otlp).await, mini_tempo::receiver(store.clone()));
        let api = axum::serve(listen(&address).await, mini_tempo::api(store));
        Self {
            otlp: format!("http://{otlp}"),
            address,
            servers: [
                tokio::spawn(receiver.into_future()).abort_handle(),
                tokio::spawn(api.into_future()).abort_handle(),
            ],
        }
    }
}
