//! How `load` reads answers, byte by byte.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::load::load;
use crate::services::listen;

/// Sends the same bytes to every connection and then closes it, or keeps it open if `is_kept`.
async fn raw(answer: &'static [u8], is_kept: bool) -> String {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                while stream
                    .read(&mut request)
                    .await
                    .is_ok_and(|length| length > 0)
                {
                    let (first, rest) = answer.split_at(answer.len() / 2);
                    stream.write_all(first).await.expect("written");
                    tokio::task::yield_now().await;
                    stream.write_all(rest).await.expect("written");
                    if !is_kept {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn answers_are_read_to_their_end_for_every_body_framing() {
    let cases: [(&[u8], bool, &str); 11] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine", true, "200"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n",
            true,
            "200",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n",
            true,
            "200",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", true, "204"),
        (
            b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            true,
            "200",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            true,
            "200",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nuntil the end",
            false,
            "200",
        ),
        // Closed without notice, and surplus bytes: the next request is not affected.
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine", false, "200"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy", true, "200"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", false, "200"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx", false, "200"),
    ];
    for (answer, is_kept, status) in cases {
        let url = raw(answer, is_kept).await;
        let report = load(&url, &["--rate=100", "--duration=300ms"]).await.json();
        let results = &report["measured"]["targets"][0]["results"];
        let text = String::from_utf8_lossy(answer);
        assert_eq!(*results, json!({ status: 30 }), "{text}");
    }
}

#[tokio::test]
async fn missing_and_malformed_answers_are_counted() {
    let cases: [(&[u8], &str); 3] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfine",
            "timeout",
        ),
        (b"", "timeout"),
    ];
    for (answer, reason) in cases {
        let url = raw(answer, true).await;
        let flags = ["--rate=20", "--duration=500ms", "--timeout=200ms"];
        let finished = load(&url, &flags).await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        let report = finished.json();
        let results = &report["measured"]["targets"][0]["results"];
        assert_eq!(*results, json!({ reason: 10 }), "{report}");
        assert_eq!(report["measured"]["failed"], 10);
    }
}
