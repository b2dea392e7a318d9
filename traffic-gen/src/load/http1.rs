//! The minimum of HTTP/1.1 that a GET needs: write a request, find the end of the answer.
//!
//! CPU time spent here is not available to the server on the same machine; hyper's client reached
//! 0.75 to 0.85 of what wrk reaches. Bodies are discarded as they arrive.

use std::io::{self, ErrorKind};

use httparse::{EMPTY_HEADER, Header, Response, Status, parse_chunk_size};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes per read, and the capacity that is kept.
const READ: usize = 16 * 1024;

/// Limits of an answer's head: its length in bytes and its number of fields.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_FIELDS: usize = 64;

/// One connection with no request in flight.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Bytes received and not parsed yet.
    unread: Vec<u8>,
    /// Whether any byte has arrived since the last request.
    has_answered: bool,
}

/// An answer's status, and whether the connection can be reused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) is_kept: bool,
}

/// How the end of a body is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Length(u64),
    Chunked,
    UntilClosed,
}

struct Head {
    status: u16,
    length: usize,
    body: Body,
    is_kept: bool,
}

impl Connection {
    pub(super) async fn open(authority: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        // A request is one small segment; Nagle's delay would be measured.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: Vec::with_capacity(READ),
            has_answered: false,
        })
    }

    /// Sends all of `request` and reads the whole answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answered> {
        self.has_answered = false;
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        match head.body {
            Body::Length(length) => self.discard(length).await?,
            Body::Chunked => self.discard_chunks().await?,
            Body::UntilClosed => self.discard_all().await?,
        }
        Ok(Answered {
            status: head.status,
            // Surplus bytes would be taken for the next answer.
            is_kept: head.is_kept && head.body != Body::UntilClosed && self.unread.is_empty(),
        })
    }

    /// Whether any byte of an answer to the last request has arrived.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Reads the final head and skips interim ones (1xx).
    async fn head(&mut self) -> io::Result<Head> {
        loop {
            match parse_head(&self.unread)? {
                None => self.read().await?,
                Some(head) => {
                    self.unread.drain(..head.length);
                    if head.status >= 200 {
                        return Ok(head);
                    }
                }
            }
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        if self.unread.len() > MAX_HEAD_BYTES {
            return Err(malformed());
        }
        self.unread.reserve(READ);
        match self.stream.read_buf(&mut self.unread).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => {
                self.has_answered = true;
                Ok(())
            }
        }
    }

    /// Reads and discards the next `length` bytes.
    async fn discard(&mut self, length: u64) -> io::Result<()> {
        let mut left = length;
        loop {
            let here = usize::try_from(left).unwrap_or(usize::MAX);
            if here <= self.unread.len() {
                self.unread.drain(..here);
                return Ok(());
            }
            left -= self.unread.len() as u64;
            self.unread.clear();
            self.read().await?;
        }
    }

    async fn discard_chunks(&mut self) -> io::Result<()> {
        loop {
            match parse_chunk_size(&self.unread).map_err(|_| malformed())? {
                Status::Partial => self.read().await?,
                Status::Complete((line, 0)) => {
                    self.discard(line as u64).await?;
                    return self.discard_trailers().await;
                }
                // A line break ends a chunk.
                Status::Complete((line, length)) => {
                    self.discard(line as u64 + length + 2).await?;
                }
            }
        }
    }

    /// Discards trailers, which are rare, and the empty line.
    async fn discard_trailers(&mut self) -> io::Result<()> {
        loop {
            let line = self.unread.windows(2).position(|bytes| bytes == b"\r\n");
            match line {
                None => self.read().await?,
                Some(length) => {
                    self.unread.drain(..length + 2);
                    if length == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn discard_all(&mut self) -> io::Result<()> {
        loop {
            self.unread.clear();
            match self.read().await {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                result => result?,
            }
        }
    }
}

/// Parses the head at the beginning of `bytes`; none until it is complete.
fn parse_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut response = Response::new(&mut fields);
    let Status::Complete(length) = response.parse(bytes).map_err(|_| malformed())? else {
        return Ok(None);
    };
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Err(malformed());
    };
    let body = if status < 200 || matches!(status, 204 | 304) {
        Body::Length(0)
    } else if let Some(coding) = words(response.headers, "transfer-encoding").last() {
        if coding.eq_ignore_ascii_case(b"chunked") {
            Body::Chunked
        } else {
            Body::UntilClosed
        }
    } else if let Some(value) = field(response.headers, "content-length") {
        let length = std::str::from_utf8(value).ok();
        let length = length.and_then(|value| value.trim().parse().ok());
        Body::Length(length.ok_or_else(malformed)?)
    } else {
        Body::UntilClosed
    };
    let closes =
        words(response.headers, "connection").any(|word| word.eq_ignore_ascii_case(b"close"));
    Ok(Some(Head {
        status,
        length,
        body,
        is_kept: minor == 1 && !closes,
    }))
}

/// The elements of a list field, which may be repeated.
fn words<'a>(fields: &[Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let fields = fields.iter();
    let fields = fields.filter(move |field| field.name.eq_ignore_ascii_case(name));
    let words = fields.flat_map(|field| field.value.split(|byte| *byte == b','));
    words.map(<[u8]>::trim_ascii)
}

fn field<'a>(fields: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    let mut fields = fields.iter();
    let field = fields.find(|field| field.name.eq_ignore_ascii_case(name));
    field.map(|field| field.value)
}

fn malformed() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "not an HTTP/1 response")
}
