//! Receives usage events from Alloy and stores each once in PostgreSQL.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | what this is: `service`, `version`, `endpoints` |
//! | `POST /v1/logs` | OTLP/HTTP logs in JSON, gzip or not: 200 once they are stored, 503 when they cannot be |
//!
//! Every log record is to have a usage line of the frontend as its body. An event that is delivered
//! again is recognised by its `event_id`; a record that is no usage event, or that happened more
//! than 7 days ago or more than 1 hour ahead of this clock, is rejected in OTLP's own way, with a
//! 200 that says so, because sending it again would not help. Events that happened longer ago than
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
use service::{About, Document, Program, Server};
use telemetry::http::{Admission, Limits};
use telemetry::{Service, set_attribute};
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

/// How this service presents itself.
pub const PROGRAM: Program = Program {
    service: Service {
        name: "usage-sink",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Receives usage events and stores each once",
};

/// Deliveries handled at once, unless the deployment says otherwise: the worst together take some 20 MiB,
/// see `tests/sink/memory.rs`, a usual one half a MiB. A sender repeats what is answered 503.
const DELIVERIES: &str = "4";

/// Deliveries that are unpacked and stored at once: that is when one takes most memory. The others
/// wait as they came.
const TURNS: usize = 2;

/// What the deployment decides.
#[derive(Debug, Clone, clap::Args)]
#[command(mut_arg("max_in_flight", |flag| flag.default_value(DELIVERIES)))]
pub struct Config {
    /// Where the events go; the URL is required.
    #[command(flatten)]
    pub database: database::Options,

    /// How long events are kept; once an hour, those that happened before that are deleted. 8 days or
    /// more: an event that comes again within 7 days must be recognised
    #[arg(
        long,
        env = "USAGE_RETENTION",
        value_name = "DURATION",
        default_value = "90days"
    )]
    #[arg(value_parser = kept_for)]
    pub retention: Duration,

    /// How much is taken on at once.
    #[command(flatten)]
    pub limits: Limits,
}

/// As without flags.
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

/// Serves on `listener` until `shutdown` is ready.
///
/// # Errors
/// When there is no URL of a database, and when the listener fails.
pub async fn run(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let Some(url) = &config.database.database_url else {
        let missing = "there is nowhere to store events: give a database with --database-url or \
            DATABASE_URL, as in postgres://usage_sink@localhost:5432/usage";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, missing));
    };
    server(url, &config).run(listener, shutdown).await
}

fn server(url: &Url, config: &Config) -> Server {
    let registry = telemetry::metrics::registry(PROGRAM.service);
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
    let admission = Admission::new(&registry, config.limits);
    let app = service::app(own, &registry, document.routes(), &admission);
    let app = service::with_document(app, document);
    Server::new(app, admission)
}

struct App {
    about: About,
    metrics: Metrics,
    store: Store,
    /// Who may unpack and store.
    turns: Semaphore,
}

/// What this is
#[utoipa::path(get, path = "/", responses(
    (status = 200, description = "The service, its version, and its paths.", body = About),
))]
async fn about(State(app): State<Arc<App>>) -> Json<About> {
    Json(app.about.clone())
}

/// Store usage events
///
/// OTLP/HTTP logs. Only the `body.stringValue` of each record is read: a usage line of the frontend,
/// which is a JSON object. An event whose `event_id` is stored already is not stored again. An OTLP
/// exporter repeats a delivery after a 503, and drops it after any other error.
#[utoipa::path(
    post,
    path = "/v1/logs",
    request_body(
        content = Request,
        description = "At most 2 MiB, and 10,000 log records. May be packed, with \
            `Content-Encoding: gzip`, and has then at most 2 MiB once it is unpacked.",
    ),
    responses(
        (
            status = 200,
            description = "Every usage event in it is stored; records that are none are counted, and lost.",
            body = Answer,
        ),
        (
            status = 400,
            description = "The body is not gzip where it says so, or not an OTLP request in JSON; \
                the detail has the place.",
        ),
        (status = 413, description = "The body is too large, as it came or once unpacked, or has too many records."),
        (
            status = 415,
            description = "The Content-Type or Content-Encoding is not taken; the detail says which are.",
        ),
        (status = 503, description = "The database does not answer: nothing is lost, try again."),
    ),
)]
async fn logs(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Answer>, Error> {
    let answer = match Delivery::receive(&headers, body).await {
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
        // Not before: a delivery that could not be stored comes again, rejections and all.
        Ok(Json(self.report_rejected(&rejections)))
    }

    /// Stores all at once; one by one when the database refuses the data of one of them, so that one
    /// event never keeps the others out, or its delivery at the head of a queue for ever. Answers
    /// those that are in the table now, and the types of those that are new there.
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
                    reason: "the database refuses one of its values".to_owned(),
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
            error_message: format!("not usage events, the first because {reason}"),
        });
        Answer { partial_success }
    }
}

fn attribute(name: &'static str, count: usize) {
    set_attribute(name, i64::try_from(count).unwrap_or(i64::MAX));
}
