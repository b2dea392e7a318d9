//! The program with custom limits, and clients that send what no HTTP library would.

use std::io;
use std::time::Duration;

use testkit::{DEADLINE, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dice-roller");

/// A health check fails after 2 s in production; this debug build may share its machine with other
/// tests.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) const ROLL: &str = "/roll?die=fair";

/// Starts the program without a collector.
pub(crate) async fn start(own: &[&str]) -> Process {
    let flags = [&["--listen=127.0.0.1:0", "--traces-exporter=none"], own].concat();
    Process::start(PROGRAM, &flags).await
}

/// Starts the program with at most `limit` file descriptors.
pub(crate) async fn start_with_files(limit: u32, own: &[&str]) -> Process {
    let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
    let shell = [
        "-c",
        &limited,
        PROGRAM,
        "--listen=127.0.0.1:0",
        "--traces-exporter=none",
    ];
    Process::start("sh", &[&shell, own].concat()).await
}

/// An answer, read until the connection closes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Whether the head contains this line, in any case.
    pub(crate) fn has(&self, line: &str) -> bool {
        self.head.lines().any(|it| it.eq_ignore_ascii_case(line))
    }
}

/// A minimal request whose connection closes after the answer.
pub(crate) fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: dice\r\nConnection: close\r\n\r\n")
}

/// Sends `text` on a connection of its own and reads up to its end.
pub(crate) async fn say(address: &str, text: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    read(stream).await
}

/// Reads until the connection closes.
pub(crate) async fn read(mut stream: TcpStream) -> io::Result<Answer> {
    let mut text = Vec::new();
    timeout(DEADLINE, stream.read_to_end(&mut text)).await??;
    let text = String::from_utf8_lossy(&text);
    let parts = text.split_once("\r\n\r\n");
    let (head, body) = parts.ok_or_else(|| io::Error::other(format!("no answer: {text:?}")))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(|| io::Error::other(format!("no status: {head:?}")))?,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// GETs `path`.
pub(crate) async fn get(address: &str, path: &str) -> io::Result<Answer> {
    say(address, &request("GET", path)).await
}

/// Sends GET `path` from this many clients at once; returns the answers.
pub(crate) async fn crowd(process: &Process, clients: usize, path: &'static str) -> Vec<Answer> {
    let mut crowd = JoinSet::new();
    for _ in 0..clients {
        let address = process.address.clone();
        crowd.spawn(async move { get(&address, path).await });
    }
    let answers = crowd.join_all().await;
    answers
        .into_iter()
        .map(|answer| answer.expect("an answer"))
        .collect()
}

/// Opens `count` connections, each of which sends only `text`.
pub(crate) async fn silent(process: &Process, count: usize, text: &str) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let connecting = timeout(DEADLINE, TcpStream::connect(&process.address));
        let mut stream = connecting.await.expect("in time").expect("connects");
        // A connection beyond the limit may already be closed.
        let _ = stream.write_all(text.as_bytes()).await;
        streams.push(stream);
    }
    streams
}

/// Asserts that the program answers a health check in time for a container to be healthy.
pub(crate) async fn assert_healthy(process: &Process) {
    let answer = timeout(HEALTH_TIMEOUT, get(&process.address, "/healthz")).await;
    let answer = answer.expect("/healthz in time").expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
}
