//! The least of HTTP/1.1 that a GET needs: write a request, find the end of its answer.
//!
//! What a request costs here is not available to the server on the same machine, and hyper's client
//! reached 0.75 to 0.85 of what wrk drives. Bodies are thrown away as they arrive.

use std::io::{self, ErrorKind};

use httparse::{EMPTY_HEADER, Header, Response, Status, parse_chunk_size};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that are read at once, and the capacity that is kept.
const READ: usize = 16 * 1024;

/// The longest head of an answer, in bytes, and the most fields in it.
const LONGEST_HEAD: usize = 64 * 1024;
const MOST_FIELDS: usize = 64;

/// One connection, with no request under way.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// What arrived and was not looked at yet.
    unread: Vec<u8>,
    /// Whether any byte arrived since the last request.
    has_answered: bool,
}

/// An answer's status, and whether another request can follow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) is_kept: bool,
}

/// How the end of a body is found.
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
        // A request is one small segment; waiting to fill it would be measured.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: Vec::with_capacity(READ),
            has_answered: false,
        })
    }

    /// Sends `request`, all of it, and reads the answer to its end.
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
            // What follows an answer unasked would be taken for the next one.
            is_kept: head.is_kept && head.body != Body::UntilClosed && self.unread.is_empty(),
        })
    }

    /// Whether any byte of an answer to the last request arrived.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// Reads a head. Interim ones, 1xx, come before the one that counts.
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
        if self.unread.len() > LONGEST_HEAD {
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

    /// Reads as far as needed and throws away the next `length` bytes.
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

    /// Fields after the last chunk, rare, and the empty line.
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

/// The head at the beginning of `bytes`, once it is complete.
fn parse_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [EMPTY_HEADER; MOST_FIELDS];
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

/// The words of a field that is a list, which may come in several parts.
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
    io::Error::new(ErrorKind::InvalidData, "not an HTTP/1 answer")
}
