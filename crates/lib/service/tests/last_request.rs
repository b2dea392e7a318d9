//! A server that stops answers the request that a client is just sending on a connection that it
//! uses often, and announces the close.

use axum::Router;
use axum::routing::get;
use service::Server;
use telemetry::http::{Admission, Limits};
use telemetry::{Losses, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const SERVICE: Service = Service {
    name: "stops",
    version: "0",
};

const REQUEST: &[u8] = b"GET /good HTTP/1.1\r\nHost: d\r\n\r\n";

/// A server, and what stops it when dropped.
struct Running {
    address: String,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn start() -> Running {
    let registry = telemetry::metrics::registry(SERVICE, &Losses::default());
    let admission = Admission::new(&registry, Limits::default());
    let own = Router::new().route("/good", get(|| async { "good" }));
    let app = service::app(own, &registry, &[], &admission);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let ended = tokio::spawn(Server::new(app, admission).run(listener, stopped));
    Running {
        address,
        stop,
        ended,
    }
}

/// Reads one answer, which ends in its body.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.ends_with("good") {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.expect("an answer");
        assert!(read > 0, "closed after {text:?}");
        text += std::str::from_utf8(&bytes[..read]).expect("UTF-8");
    }
    text
}

/// One thread: the server does not run between its stop and the client's write.
#[tokio::test]
async fn a_request_that_meets_the_stop_is_answered() {
    let server = start().await;
    let mut stream = TcpStream::connect(&server.address).await.expect("connects");
    stream.write_all(REQUEST).await.expect("sent");
    let first = answer(&mut stream).await;
    assert!(!first.contains("connection: close"), "{first}");
    drop(server.stop);
    // The server sees the stop before the bytes, and the bytes within the time that it waits.
    tokio::task::yield_now().await;
    stream.write_all(REQUEST).await.expect("sent");
    let last = answer(&mut stream).await;
    assert!(last.contains("connection: close"), "{last}");
    let mut rest = Vec::new();
    let read = stream.read_to_end(&mut rest).await;
    assert!(matches!(read, Ok(0)), "{read:?}");
    server.ended.await.expect("no panic").expect("it served");
}
