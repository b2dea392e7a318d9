//! Places of connections and requests are released, however a connection ends.

use std::convert::Infallible;
use std::future::pending;
use std::io;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use futures_util::stream;
use service::Server;
use telemetry::http::{Admission, Limits};
use telemetry::{Losses, Service};
use testkit::{Metrics, becomes, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SERVICE: Service = Service {
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

/// A server with one place of each kind; returns its address.
async fn start() -> String {
    let registry = telemetry::metrics::registry(SERVICE, &Losses::default());
    let limits = Limits {
        max_in_flight: 1,
        max_connections: 1,
    };
    let admission = Admission::new(&registry, limits);
    let own = Router::new()
        .route("/good", get(|| async { "good" }))
        .route("/breaks", get(breaks))
        .route("/panics", get(|| async { panic!("in a handler") as &str }))
        .route("/echo", post(|body: Bytes| async { body }));
    let app = service::app(own, &registry, &[], &admission);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    tokio::spawn(Server::new(app, admission).run(listener, pending()));
    address
}

/// Sends `text` on a new connection; returns everything received until its end, if `read`.
async fn say(address: &str, text: &str, read: bool) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    let mut answer = String::new();
    if read {
        stream.read_to_string(&mut answer).await?;
    }
    Ok(answer)
}

#[tokio::test]
async fn a_connection_that_ends_badly_releases_its_places() {
    let address = start().await;
    let get = |path| format!("GET {path} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n");
    let post = "POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 9\r\n\r\nhalf";
    for (text, read) in [
        (&*get("/breaks"), true),
        (&get("/panics"), true),
        (&get("/good"), false),
        (post, false),
        ("GET /good HTTP/1.1\r\n", false),
        ("nonsense\r\n\r\n", true),
    ] {
        for _ in 0..5 {
            // However it ends.
            let _ = say(&address, text, read).await;
        }
        eventually(&format!("a place after {text:?}"), || async {
            let answer = say(&address, &get("/good"), true).await.ok()?;
            answer.starts_with("HTTP/1.1 200 ").then_some(())
        })
        .await;
    }
    let url = format!("http://{address}/metrics");
    becomes("requests in progress", 0.0, || async {
        let metrics = Metrics::scrape(&url).await;
        metrics.sum("http_requests_in_progress", &[])
    })
    .await;
    let metrics = Metrics::scrape(&url).await;
    // A request that arrived before the last place was free did not reach its handler.
    assert!(metrics.value("http_handler_panics_total", &[]) >= 1.0);
}
