//! A TCP proxy in front of replicas, as a Service of Kubernetes is: each new connection goes to the
//! next one, and a connection that is open stays where it is.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) url: String,
    backends: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// Starts it without replicas.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let backends: Arc<Mutex<Vec<String>>> = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&backends)));
        Self {
            url,
            backends,
            accepting,
        }
    }

    pub(crate) fn add(&self, address: &str) {
        self.backends().push(address.to_owned());
    }

    /// Sends no further connection there.
    pub(crate) fn remove(&self, address: &str) {
        self.backends().retain(|backend| backend != address);
    }

    fn backends(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.backends.lock().expect("no panic while locked")
    }
}

async fn accept(listener: TcpListener, backends: Arc<Mutex<Vec<String>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let next = {
            let mut backends = backends.lock().expect("no panic while locked");
            if !backends.is_empty() {
                backends.rotate_left(1);
            }
            backends.last().cloned()
        };
        if let Some(next) = next {
            tokio::spawn(forward(client, next));
        }
    }
}

/// Closes the client's connection if the replica refuses one.
async fn forward(mut client: TcpStream, backend: String) {
    if let Ok(mut server) = TcpStream::connect(backend).await {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
