//! One connection, from its first byte to its last, with a timeout for each wait.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use futures_util::TryFutureExt;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use telemetry::http::Surplus;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tower_service::Service;

use super::Connections;
use super::head::{self, MAX_SURPLUS_HEAD};
use crate::Problem;

/// Timeout for a request's head, and for an idle connection. Our own clients close idle connections
/// earlier, so that no request meets a closing one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Timeout for the head of a request on a connection that is not kept.
const SURPLUS_TIMEOUT: Duration = Duration::from_secs(2);

/// Timeout for the answer on such a connection. It takes microseconds, and longer only when the
/// machine has no time for this program: at a load of 50, ten seconds were not enough.
const SURPLUS_ANSWER_TIMEOUT: Duration = UNREAD_TIMEOUT;

/// How long after its last use a connection waits, once the server stops, for one more request. A
/// client that uses it often may be sending one just now.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// How long the last bytes of an answer may take after the stop signal.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

/// How long a connection that should make room must have been without a request.
const ROOM_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a client may leave sent data unread.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum size of a head, and of data read ahead of a body, in bytes. A longer head is
/// answered
/// 431.
const MAX_BUFFER: usize = 16 << 10;

/// The answer on a connection that is not kept, if no request arrives in time.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

/// Serves one connection for as long as it lasts.
pub(super) async fn keep(connections: &Connections, stream: TcpStream) {
    prepare(&stream);
    let requests = Requests::default();
    let ending = connections.admission.stopping();
    let service = |request| {
        let (active, ending) = (requests.start(), &ending);
        answer(&connections.app, request).map_ok(move |mut answer| {
            if *ending.borrow() {
                let headers = answer.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(active);
            answer
        })
    };
    let connection =
        builder(HEAD_TIMEOUT).serve_connection(TokioIo::new(stream), service_fn(service));
    let mut connection = pin!(connection);
    let mut stopping = connections.admission.stopping();
    let stop = stopping.wait_for(|stopping| *stopping);
    let mut stop = pin!(async { drop(stop.await) });
    tokio::select! {
        // Errors are caused by the client: malformed data, or a closed connection.
        _ = connection.as_mut() => return,
        () = stop.as_mut() => {}
        () = make_room(connections, &requests) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stop => {}
            }
        }
    }
    tokio::select! {
        _ = connection.as_mut() => return,
        () = last_request(&requests) => {}
    }
    connection.as_mut().graceful_shutdown();
    // Neither a partial head nor an idle connection is a request in flight.
    while timeout(FLUSH_TIMEOUT, connection.as_mut()).await.is_err() && requests.active() > 0 {}
}

/// Ready when this connection should make room and can do so: the next answer can announce the
/// close, or no request has arrived for a while. If it closed just when its client sends the next
/// request, that client would get no answer.
async fn make_room(connections: &Connections, requests: &Requests) {
    connections.make_room.notified().await;
    loop {
        let before = requests.begun();
        if requests.active() > 0 {
            return;
        }
        sleep(ROOM_TIMEOUT).await;
        if requests.active() > 0 || requests.begun() == before {
            return;
        }
    }
}

/// Ready when there is a request, whose answer announces the close, or when the connection has not
/// been used for [`LAST_REQUEST`]. The next request of a client that has not yet noticed the close
/// would get no answer.
async fn last_request(requests: &Requests) {
    let begins = requests.begins.notified();
    if requests.active() > 0 {
        return;
    }
    let _ = timeout(LAST_REQUEST.saturating_sub(requests.unused()), begins).await;
}

/// Answers one request on a surplus connection.
pub(super) async fn answer_once(connections: &Connections, stream: TcpStream) {
    prepare(&stream);
    match head::arrives(connections, &stream, SURPLUS_TIMEOUT).await {
        Some(true) => {}
        Some(false) => return,
        None => {
            connections.admission.count_silent_connection();
            let _ = stream.try_write(NO_ROOM);
            return;
        }
    }
    let service = |request| answer(&connections.app, mark(request));
    let connection = builder(SURPLUS_ANSWER_TIMEOUT)
        .max_buf_size(MAX_SURPLUS_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(service));
    // Boxed, so that connections waiting for a head do not need memory for it.
    let _ = timeout(SURPLUS_ANSWER_TIMEOUT, Box::pin(connection)).await;
}

fn prepare(stream: &TcpStream) {
    // Answers are small and written at once: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_TIMEOUT));
}

fn builder(head_timeout: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(MAX_BUFFER);
    builder
}

/// The requests of one connection.
struct Requests {
    active: AtomicUsize,
    begun: AtomicUsize,
    begins: Notify,
    opened: Instant,
    /// When the last one ended, in milliseconds after the connection was opened.
    ended: AtomicU64,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            active: AtomicUsize::default(),
            begun: AtomicUsize::default(),
            begins: Notify::default(),
            opened: Instant::now(),
            ended: AtomicU64::default(),
        }
    }
}

/// A request that is being handled, while this exists.
struct Active<'a>(&'a Requests);

impl Requests {
    fn start(&self) -> Active<'_> {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.begins.notify_waiters();
        Active(self)
    }

    fn active(&self) -> usize {
        self.active.load(Ordering::Relaxed)
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    /// How long ago the last one ended, or the connection was opened.
    fn unused(&self) -> Duration {
        let ended = Duration::from_millis(self.ended.load(Ordering::Relaxed));
        self.opened.elapsed().saturating_sub(ended)
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        let after = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.ended.store(after, Ordering::Relaxed);
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

fn mark(mut request: Request<Incoming>) -> Request<Incoming> {
    request.extensions_mut().insert(Surplus);
    request
}

/// The answer to a request. This is no async function, whose future would have room for the request
/// three times: a connection keeps that memory for as long as it lasts.
fn answer(
    app: &Router,
    request: Request<Incoming>,
) -> Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>> {
    // RFC 9112, section 3.2: a server must answer 400 to these.
    let mut hosts = request.headers().get_all(HOST).iter();
    let has_host = hosts.next().is_some() || request.version() != Version::HTTP_11;
    if !has_host || hosts.next().is_some() {
        let detail = "HTTP/1.1 requires exactly one Host header";
        let problem = Problem::new(StatusCode::BAD_REQUEST, detail);
        return Either::Left(ready(Ok(problem.into_response())));
    }
    Either::Right(app.clone().call(request.map(body)))
}

/// The body for axum, which would allocate for an empty one, too.
fn body(incoming: Incoming) -> Body {
    match incoming.is_end_stream() {
        true => Body::empty(),
        false => Body::new(incoming),
    }
}
