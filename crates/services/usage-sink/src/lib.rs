//! Receives usage events from Alloy and stores each once in PostgreSQL.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | the service's description: `service`, `version`, `endpoints` |
//! | `POST /v1/logs` | OTLP/HTTP logs in JSON, optionally with gzip: 200 once they are stored, 503 if they cannot be |
//!
//! The body of every log record must be a usage line of the frontend. An event that is delivered
//! again is recognised by its `event_id`. A record that is not a usage event, or that happened more
//! than 7 days ago or more than 1 hour ahead of this clock, is rejected as OTLP defines: the answer
//! is a 200 that reports it, because sending it again would not help. Events older than
//! `--retention` are deleted.

mod answer;
mod delivery;
mod error;
mod event;
mod metrics;
mod retention;
mod store;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use database::DatabaseError;
use faults::Fault;
use service::{About, Document, Program, Server};
use telemetry::http::Limits;
use telemetry::{Losses, Service, set_attribute};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use url::Url;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, PartialSuccess};
use crate::delivery::{Delivery, Request};
use crate::error::Error;
use crate::event::{Event, EventType, Rejection};
use crate::metrics::{Metrics, Outcome};
use crate::store::Store;

/// The service's name, address and description.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "usage-sink",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Receives usage events and stores each once",
};

/// Default limit of concurrent deliveries: hostile ones take some 20 MiB together, see
/// `tests/sink/memory.rs`, a usual one half a MiB. A sender repeats a delivery after a 503.
const DELIVERIES: &str = "4";

/// Deliveries decompressed and stored concurrently, which is when one takes most memory. The others
/// wait as received.
const TURNS: usize = 2;

/// The configuration of a deployment.
#[derive(Debug, Clone, clap::Args)]
#[command(mut_arg("max_in_flight", |flag| flag.default_value(DELIVERIES)))]
pub struct Config {
    /// The database for the events; the URL is required.
    #[command(flatten)]
    pub database: database::Options,

    /// How long events are kept; older ones are deleted every hour. At least 8 days, because an
    /// event that is delivered again within 7 days must be recognised
    #[arg(
        long,
        env = "USAGE_RETENTION",
        value_name = "DURATION",
        default_value = "90days"
    )]
    #[arg(value_parser = kept_for)]
    pub retention: Duration,

    /// Limits for concurrent requests.
    #[command(flatten)]
    pub limits: Limits,
}

/// The defaults of the flags.
impl Default for Config {
    fn default() -> Self {
        Self {
            database: database::Options::default(),
            retention: 90 * DAY,
            limits: Limits::default(),
        }
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

fn kept_for(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match (8 * DAY..=36_500 * DAY).contains(&duration) {
        true => Ok(duration),
        false => Err("must be from 8days to 100years".to_owned()),
    }
}

/// Serves on `listener` until `shutdown` is ready; `/metrics` has `losses`.
///
/// # Errors
/// If there is no database URL, or the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    losses: Losses,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let Some(url) = &config.database.database_url else {
        let missing = "a database for the events is required: set --database-url or \
            DATABASE_URL, as in postgres://usage_sink@localhost:5432/usage";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, missing));
    };
    server(url, &config, &losses).run(listener, shutdown).await
}

fn server(url: &Url, config: &Config, losses: &Losses) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service, losses);
    let (own, api) = OpenApiRouter::new()
        .routes(routes!(about))
        .routes(routes!(logs))
        .split_for_parts();
    let document = Document::new(PROGRAM, api);
    let app = App {
        about: document.about(),
        metrics: Metrics::register(&registry),
        store: Store::start(url, config, &registry),
        turns: Semaphore::new(TURNS),
    };
    let own = own.with_state(Arc::new(app));
    Server::documented(own, &registry, document, config.limits)
}

struct App {
    about: About,
    metrics: Metrics,
    store: Store,
    /// Permits to decompress and store.
    turns: Semaphore,
}

/// Describe the service
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The service, its version, and its paths.", body = About),
))]
async fn about(State(app): State<Arc<App>>) -> Json<About> {
    Json(app.about.clone())
}

/// Store usage events
///
/// Accepts OTLP/HTTP logs and reads only the `body.stringValue` of each record: a usage line of the
/// frontend, which is a JSON object. An event whose `event_id` is already stored is ignored. An
/// OTLP exporter repeats a delivery after a 503, and drops it after any other error.
#[utoipa::path(
    post,
    path = "/v1/logs",
    request_body(
        content = Request,
        description = "At most 2 MiB and 10,000 log records. With `Content-Encoding: gzip`, the \
            decompressed body has at most 2 MiB, too.",
    ),
    responses(
        (
            status = 200,
            description = "Every usage event of the delivery is stored; other records are counted and dropped.",
            body = Answer,
        ),
        (
            status = 400,
            description = "The body is not valid gzip although it is declared so, or not an OTLP request in JSON; \
                the detail has the place.",
        ),
        (status = 413, description = "The body is too large, compressed or decompressed, or has too many records."),
        (
            status = 415,
            description = "The Content-Type or Content-Encoding is not supported; the detail names the supported ones.",
        ),
        (status = 503, description = "The delivery cannot be stored now; repeat it."),
    ),
)]
async fn logs(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Answer>, Error> {
    let answer = match Delivery::receive(&headers, body).await {
        Ok(_) if faults::is_on(Fault::RefusingUsageSink) => Err(Error::Busy),
        Ok(delivery) => app.take(delivery).await,
        Err(error) => Err(error),
    };
    answer.inspect_err(Error::log)
}

impl App {
    async fn take(&self, delivery: Delivery) -> Result<Json<Answer>, Error> {
        let _turn = self.turns.acquire().await.expect("never closed");
        let texts = delivery.texts()?;
        attribute("usage.events.received", texts.len());
        let (mut events, mut rejections) = (Vec::new(), Vec::new());
        for text in texts {
            match Event::parse(text.as_deref()) {
                Ok(event) => events.push(event),
                Err(rejection) => rejections.push(rejection),
            }
        }
        if !events.is_empty() {
            let (events, stored) = self.store(events, &mut rejections).await?;
            self.report_taken(&events, &stored);
        }
        // Counted only now: a delivery that could not be stored arrives again, with the same
        // rejections.
        Ok(Json(self.report_rejected(&rejections)))
    }

    /// Stores all events at once, or one by one if the database rejects the data of one of them, so
    /// that one event does not block the others or their delivery. Returns the events that are
    /// stored now, and the types of the new ones.
    async fn store(
        &self,
        events: Vec<Event>,
        rejections: &mut Vec<Rejection>,
    ) -> Result<(Vec<Event>, Vec<EventType>), DatabaseError> {
        match self.store.insert(&events).await {
            Err(error) if error.is_about_the_data() => {}
            result => return result.map(|stored| (events, stored)),
        }
        let (mut taken, mut new) = (Vec::new(), Vec::new());
        for event in events {
            match self.store.insert(std::slice::from_ref(&event)).await {
                Ok(stored) => {
                    new.extend(stored);
                    taken.push(event);
                }
                Err(error) if error.is_about_the_data() => rejections.push(Rejection {
                    event_type: event.kind.name(),
                    reason: "the database rejects one of its values".to_owned(),
                }),
                Err(error) => return Err(error),
            }
        }
        Ok((taken, new))
    }

    fn report_taken(&self, events: &[Event], stored: &[EventType]) {
        for kind in EventType::ALL {
            let of_kind = events.iter().filter(|event| event.kind == kind).count();
            let new = stored.iter().filter(|stored| **stored == kind).count();
            self.metrics.add(kind.name(), Outcome::Stored, new);
            self.metrics
                .add(kind.name(), Outcome::Duplicate, of_kind - new);
        }
        let (stored, duplicate) = (stored.len(), events.len() - stored.len());
        attribute("usage.events.stored", stored);
        attribute("usage.events.duplicate", duplicate);
        tracing::info!(stored, duplicate, "Usage events stored");
    }

    fn report_rejected(&self, rejections: &[Rejection]) -> Answer {
        let rejected = rejections.len();
        attribute("usage.events.rejected", rejected);
        for rejection in rejections {
            self.metrics.add(rejection.event_type, Outcome::Rejected, 1);
        }
        let Some(Rejection { reason, .. }) = rejections.first() else {
            return Answer::default();
        };
        tracing::warn!(rejected, reason, "Usage events rejected: they are lost");
        let partial_success = Some(PartialSuccess {
            rejected_log_records: rejected.to_string(),
            error_message: format!("not usage events; reason for the first one: {reason}"),
        });
        Answer { partial_success }
    }
}

fn attribute(name: &'static str, count: usize) {
    set_attribute(name, i64::try_from(count).unwrap_or(i64::MAX));
}
