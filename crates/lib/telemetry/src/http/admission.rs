//! The limits of a server, and the answer to requests beyond them.
//!
//! Each request in flight and each open connection takes memory. A request beyond a limit is
//! answered at once, which is cheap, and counted. It has no span and no log line, because an
//! overload would create thousands of both.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::Router;
use clap::Args;
use tokio::sync::watch;

use crate::metrics::{IntCounter, Registry, counter, counters};

/// The limits of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Maximum number of requests in progress; further ones are answered 503 with Retry-After at
    /// once. /healthz and /metrics are always answered
    #[arg(long, env = "MAX_IN_FLIGHT", value_name = "REQUESTS")]
    #[arg(default_value_t = Limits::DEFAULT.max_in_flight)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub max_in_flight: usize,

    /// Maximum number of open connections; on each further one, one request is answered: /healthz
    /// and /metrics as usual, any other with 503
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "CONNECTIONS")]
    #[arg(default_value_t = Limits::DEFAULT.max_connections)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub max_connections: usize,
}

impl Limits {
    /// Fits the memory of the containers, see `docker-compose.yml`: a roll in flight takes about 50
    /// kB in the frontend and 27 kB in dice-roller, a view of the page up to 140 kB, a connection up
    /// to 18 kB.
    const DEFAULT: Self = Self {
        max_in_flight: 256,
        max_connections: 512,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Marks a request on a connection beyond the limit.
#[derive(Debug, Clone, Copy)]
pub struct Surplus;

/// Applies the limits of one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    in_flight: AtomicUsize,
    no_room: IntCounter,
    surplus: IntCounter,
    panics: IntCounter,
    accept_errors: IntCounter,
    /// True once requests in flight should end.
    stopping: watch::Sender<bool>,
}

/// A place among the requests in flight, released when dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Shared>);

impl Place {
    /// Counts a panic of the handler that has this place.
    pub(super) fn count_panic(&self) {
        self.0.panics.inc();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    /// Admits requests within `limits`, and counts the others in `registry`.
    #[must_use]
    pub fn new(registry: &Registry, limits: Limits) -> Self {
        let rejected = counters(
            registry,
            "http_requests_rejected_total",
            "Requests answered 503 at once, by the limit that was reached: in_flight (requests in \
             progress) or connections (including those on which no request arrived in time)",
            &["reason"],
        );
        let panics = counter(
            registry,
            "http_handler_panics_total",
            "Requests answered 500 because their handler panicked",
        );
        let accept_errors = counter(
            registry,
            "http_accept_errors_total",
            "Failed attempts to accept a connection, for example without a free file descriptor",
        );
        Self(Arc::new(Shared {
            limits,
            in_flight: AtomicUsize::new(0),
            no_room: rejected.with_label_values(&["in_flight"]),
            surplus: rejected.with_label_values(&["connections"]),
            panics,
            accept_errors,
            stopping: watch::Sender::new(false),
        }))
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Requests being handled now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// From now on, the body of a request must arrive within a second.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Becomes true with [`stop`](Self::stop).
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Applies the limits to slow routes outside the middleware. Their requests count as requests
    /// in flight.
    pub fn guard(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), guard))
    }

    /// Counts a connection that could not be accepted.
    pub fn count_accept_error(&self) {
        self.0.accept_errors.inc();
    }

    /// Counts a connection beyond the limit on which no request arrived in time.
    pub fn count_silent_connection(&self) {
        self.0.surplus.inc();
    }

    /// A place for `request`.
    ///
    /// # Errors
    /// The limit that was reached, which is also the answer.
    pub(super) fn admit(&self, request: &Request) -> Result<Place, NoRoom> {
        let shared = &self.0;
        if request.extensions().get::<Surplus>().is_some() {
            shared.surplus.inc();
            let limit = shared.limits.max_connections;
            let what = "connections";
            return Err(NoRoom { what, limit });
        }
        if shared.in_flight.fetch_add(1, Ordering::Relaxed) < shared.limits.max_in_flight {
            return Ok(Place(Arc::clone(shared)));
        }
        shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        shared.no_room.inc();
        let limit = shared.limits.max_in_flight;
        let what = "requests in flight";
        Err(NoRoom { what, limit })
    }
}

async fn guard(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    match admission.admit(&request) {
        Ok(_place) => next.run(request).await,
        Err(no_room) => no_room.into_response(),
    }
}

/// A limit that was reached.
#[derive(Debug)]
pub(super) struct NoRoom {
    what: &'static str,
    limit: usize,
}

impl IntoResponse for NoRoom {
    /// 503 with `Retry-After: 1`, because a roll takes up to a second.
    fn into_response(self) -> Response {
        let Self { what, limit } = self;
        let detail =
            format!("too busy: the limit of {limit} {what} is reached; try again in a second");
        let mut answer = problem(StatusCode::SERVICE_UNAVAILABLE, &detail);
        let second = HeaderValue::from_static("1");
        answer.headers_mut().insert(RETRY_AFTER, second);
        answer
    }
}

/// An error answer in the shape that all services use.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let body = serde_json::json!({ "detail": detail }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
