//! Waits for a request's head without a buffer for it: the kernel holds the data.
//!
//! A surplus connection costs next to nothing until it can be answered at once.

use std::io;
use std::io::ErrorKind::{UnexpectedEof, WouldBlock};
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Connections;

/// The maximum size of a head on a surplus connection in bytes; the smallest bound that hyper
/// accepts.
pub(super) const MAX_SURPLUS_HEAD: usize = 8 << 10;

/// Whether a whole head has arrived, or one that is too long, rather than the end of the
/// connection; none if neither arrived within `at_most`, or sooner if others wait for its place.
pub(super) async fn arrives(
    connections: &Connections,
    stream: &TcpStream,
    at_most: Duration,
) -> Option<bool> {
    let mut head = pin!(whole(stream));
    let end = Instant::now() + at_most;
    while Instant::now() < end {
        if let Ok(head) = timeout(connections.hurry, head.as_mut()).await {
            return Some(head.is_ok());
        }
        if connections.places.available_permits() < connections.scarce {
            break;
        }
    }
    None
}

/// Ready when a whole head has arrived; an error if its sender left first.
async fn whole(stream: &TcpStream) -> io::Result<()> {
    loop {
        let ready = stream.ready(Interest::READABLE).await?;
        match stream.try_io(Interest::READABLE, || peek(stream)) {
            // A connection closed by its sender stays readable forever.
            Err(error) if error.kind() == WouldBlock && !ready.is_read_closed() => {}
            seen => return seen,
        }
    }
}

/// Peeks at the received data.
fn peek(stream: &TcpStream) -> io::Result<()> {
    let mut text = [0; MAX_SURPLUS_HEAD];
    let length = recv(stream.as_raw_fd(), &mut text, MsgFlags::MSG_PEEK)?;
    let text = &text[..length];
    let ends_with = |end: &[u8]| text.windows(end.len()).any(|part| part == end);
    if length == 0 {
        Err(UnexpectedEof.into())
    } else if length == MAX_SURPLUS_HEAD || ends_with(b"\r\n\r\n") || ends_with(b"\n\n") {
        Ok(())
    } else {
        Err(WouldBlock.into())
    }
}
