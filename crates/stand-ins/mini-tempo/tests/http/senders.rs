//! Slow senders and many senders.

use futures_util::future::select_all;
use mini_tempo::MAX_BODY_BYTES;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

/// Sends the head of a request with the largest body and `bytes` of the body; returns the answer.
async fn send(address: String, bytes: usize) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: {MAX_BODY_BYTES}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("a head");
    // The receiver may reject it before the body is complete.
    let _ = stream.write_all(&vec![0; bytes]).await;
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..read]).to_lowercase()
}

fn address(server: &Server) -> String {
    let address = server.otlp.strip_prefix("http://").expect("a URL");
    let (address, _) = address.split_once('/').expect("a path");
    address.to_owned()
}

#[tokio::test]
async fn unfinished_bodies_are_bounded_together() {
    let server = Server::start(100).await;
    let senders = (0..5).map(|_| tokio::spawn(send(address(&server), MAX_BODY_BYTES - 1)));
    let (answer, _, waiting) = select_all(senders).await;
    let answer = answer.expect("no panic");
    assert!(answer.starts_with("http/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 1"), "{answer}");
    for sender in waiting {
        sender.abort();
    }
    let refused = "mini_tempo_requests_refused_total";
    assert!(server.metric(refused, &[("status", "503")]).await >= 1);
}

#[tokio::test]
async fn a_body_that_does_not_end_is_408() {
    let server = Server::start(100).await;
    let answer = send(address(&server), 10).await;
    assert!(answer.starts_with("http/1.1 408"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}
