//! Places of connections and requests are released, however a connection ends.

#[path = "support/careless.rs"]
mod careless;

use std::io;

use telemetry::Losses;
use telemetry::http::Limits;
use testkit::{Metrics, becomes, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::careless::serve;

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
    let one = Limits {
        max_in_flight: 1,
        max_connections: 1,
    };
    let address = serve(&Losses::default(), one).await;
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
