//! The server: accepting connections, limiting their number, and shutting down.

mod connection;
mod files;
mod head;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use telemetry::http::{Admission, Limits};
use telemetry::metrics::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::TaskTracker;

use crate::{Background, Document, app, with_document};

/// How long requests in flight may take after the stop signal. Less than the 10 s after which
/// Docker kills the container, to leave time for the flush.
const DRAIN_BOUND: Duration = Duration::from_secs(5);

/// How long work that was cut off has to log that.
const CUT_BOUND: Duration = Duration::from_millis(500);

/// Connections in addition to the kept ones, each for one short answer. Further ones wait in the
/// accept queue.
const SURPLUS: usize = 1024;

/// The pause between attempts to accept when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A service, ready to be served.
#[derive(Debug)]
pub struct Server {
    app: Router,
    admission: Admission,
    background: Background,
}

impl Server {
    /// Serves `app` within the limits of `admission`.
    #[must_use]
    pub fn new(app: Router, admission: Admission) -> Self {
        Self {
            app,
            admission,
            background: Background::default(),
        }
    }

    /// Serves the routes of a service with everything around them: [`app`] with the series of the
    /// document's routes in `registry`, and `document` itself, within `limits`.
    #[must_use]
    pub fn documented(
        own: Router,
        registry: &Registry,
        document: Document,
        limits: Limits,
    ) -> Self {
        let admission = Admission::new(registry, limits);
        let app = app(own, registry, document.routes(), &admission);
        Self::new(with_document(app, document), admission)
    }

    /// Also awaits the work in `background` before it ends.
    #[must_use]
    pub fn with_background(self, background: Background) -> Self {
        Self { background, ..self }
    }

    /// Serves on `listener` until `shutdown` is ready, then waits for requests in flight and
    /// background tasks, for up to 5 s.
    ///
    /// # Errors
    /// When the listener's address cannot be read.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let address = listener.local_addr()?;
        tracing::info!(%address, url = format!("http://{address}"), "Listening");
        let connections = Arc::new(Connections::new(&self));
        tokio::select! {
            never = connections.accept(&listener) => match never {},
            () = shutdown => {}
        }
        tracing::info!("Stopping: no new requests");
        drop(listener);
        self.admission.stop();
        self.drain(&connections).await;
        Ok(())
    }

    async fn drain(&self, connections: &Connections) {
        let end = Instant::now() + DRAIN_BOUND;
        connections.tasks.close();
        let connections = timeout_at(end, connections.tasks.wait()).await;
        let background = timeout_at(end, self.background.ended()).await;
        if connections.is_ok() && background.is_ok() {
            return;
        }
        let (requests, tasks) = (self.admission.in_flight(), self.background.running());
        tracing::warn!(
            requests,
            background_tasks = tasks,
            bound = ?DRAIN_BOUND,
            "Stopping: requests or background tasks were cut off"
        );
        self.background.cut();
        let _ = timeout_at(Instant::now() + CUT_BOUND, self.background.ended()).await;
    }
}

/// The connections of one server.
struct Connections {
    app: Router,
    admission: Admission,
    tasks: TaskTracker,
    /// The maximum number of kept connections.
    most: usize,
    kept: AtomicUsize,
    /// Permits for all connections, including the surplus.
    places: Arc<Semaphore>,
    /// With fewer free places than this, silent connections are closed.
    scarce: usize,
    /// How long they may stay silent in that case.
    hurry: Duration,
    /// Makes one kept connection close after its request, to make room.
    make_room: Notify,
}

impl Connections {
    fn new(server: &Server) -> Self {
        let (most, surplus) = files::room(server.admission.limits().max_connections, SURPLUS);
        Self {
            app: server.app.clone(),
            admission: server.admission.clone(),
            tasks: TaskTracker::new(),
            most,
            kept: AtomicUsize::new(0),
            places: Arc::new(Semaphore::new(most + surplus)),
            scarce: surplus / 2,
            hurry: hurry(surplus),
            make_room: Notify::new(),
        }
    }

    /// Accepts connections forever.
    async fn accept(self: &Arc<Self>, listener: &TcpListener) -> std::convert::Infallible {
        let mut failing = false;
        loop {
            let places = Arc::clone(&self.places).acquire_owned();
            let place = places.await.expect("the semaphore is never closed");
            match listener.accept().await {
                Ok((stream, _)) => {
                    failing = false;
                    self.start(stream, place);
                }
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    self.admission.count_accept_error();
                    if !failing {
                        tracing::error!(%error, "Connections cannot be accepted; trying again");
                    }
                    failing = true;
                    self.make_room.notify_one();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn start(self: &Arc<Self>, stream: TcpStream, place: OwnedSemaphorePermit) {
        let kept = Kept::try_start(self);
        if kept.is_none() {
            self.make_room.notify_one();
        }
        let connections = Arc::clone(self);
        self.tasks.spawn(async move {
            // Released even if the connection panics.
            let _place = place;
            match kept {
                Some(_kept) => connection::keep(&connections, stream).await,
                None => connection::answer_once(&connections, stream).await,
            }
        });
    }
}

/// How long each connection may stay silent when most places are taken. If all of them are silent,
/// some four thousand are closed per second, as many as fit in the accept queue. Data that a client
/// sends at once is available when its connection is accepted, or soon after.
fn hurry(surplus: usize) -> Duration {
    let hurry = Duration::from_micros(250) * u32::try_from(surplus).unwrap_or(u32::MAX);
    hurry.clamp(Duration::from_millis(10), Duration::from_millis(250))
}

/// A connection that is kept, counted until it is dropped.
struct Kept(Arc<Connections>);

impl Kept {
    /// None if the maximum is reached.
    fn try_start(connections: &Arc<Connections>) -> Option<Self> {
        if connections.kept.fetch_add(1, Ordering::Relaxed) < connections.most {
            return Some(Self(Arc::clone(connections)));
        }
        connections.kept.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.kept.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The client left before its connection was accepted, which is not an error here.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// Ready at the first SIGTERM (Docker, the demo) or SIGINT (Ctrl-C).
///
/// # Panics
/// Outside a tokio runtime.
pub async fn terminated() {
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
