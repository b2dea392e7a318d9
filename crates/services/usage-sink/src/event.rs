//! Usage events, parsed from the frontend's log lines. Invalid events are detected here, so that
//! one of them does not keep the others of its delivery out of the database.

use std::time::Duration;

use serde_json::{Map, Value};
use telemetry::metrics::KnownValues;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// Maximum length of a text field in characters; the longest expected is an id of 36.
const MAX_TEXT: usize = 256;

/// Maximum length of a line in bytes; the frontend's have about 400. Parsed JSON needs ten times
/// the memory.
const MAX_LINE: usize = 16 << 10;

/// Maximum age of an event on arrival: deliveries wait while usage-sink or its database is
/// unavailable, and outages are shorter than the retention of logs.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Maximum lead of the sender's clock over this one.
const MAX_AHEAD: Duration = Duration::from_secs(3600);

/// What a user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    SignIn,
    PageView,
    Roll,
    RollBatch,
    SignOut,
}

impl EventType {
    pub(crate) const ALL: [Self; 5] = [
        Self::SignIn,
        Self::PageView,
        Self::Roll,
        Self::RollBatch,
        Self::SignOut,
    ];

    /// The name in log lines, labels and the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::PageView => "page_view",
            Self::Roll => "roll",
            Self::RollBatch => "roll_batch",
            Self::SignOut => "sign_out",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) kind: EventType,
    pub(crate) occurred_at: OffsetDateTime,
    /// None for a client without cookies.
    pub(crate) session_id: Option<Uuid>,
    pub(crate) username: String,
    pub(crate) die_type: Option<String>,
    /// Dice rolled at once: 1 for a roll, the size for a batch.
    pub(crate) rolls: Option<i16>,
    pub(crate) trace_id: Option<String>,
}

/// Why a record is not a usage event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The label value: the event type, or `unknown` if it could not be read.
    pub(crate) event_type: &'static str,
    /// What is wrong, with the field's name and the allowed values.
    pub(crate) reason: String,
}

impl Event {
    /// Parses the body of a record.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Rejection> {
        let unknown = |reason| Rejection {
            event_type: KnownValues::UNKNOWN,
            reason,
        };
        let text = text.ok_or_else(|| unknown("the body is not a string".to_owned()))?;
        if text.len() > MAX_LINE {
            return Err(unknown(format!("the body is longer than {MAX_LINE} bytes")));
        }
        let fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|_| unknown("the body is not a JSON object".to_owned()))?;
        let fields = Fields(&fields);
        let kind = fields.kind().map_err(unknown)?;
        fields.event(kind).map_err(|reason| Rejection {
            event_type: kind.name(),
            reason,
        })
    }
}

/// The fields of a line. Every error names the field and the allowed values.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn kind(&self) -> Result<EventType, String> {
        let known = self.text("event_type")?.and_then(EventType::named);
        known.ok_or_else(|| {
            let names = EventType::ALL.map(EventType::name);
            format!("event_type must be one of {}", names.join(", "))
        })
    }

    fn event(&self, kind: EventType) -> Result<Event, String> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Event {
            id: self.uuid("event_id")?.ok_or("event_id is missing")?,
            kind,
            occurred_at: self.time("timestamp")?,
            session_id: self.uuid("session_id")?,
            username: owned(self.text("username")?).ok_or("username is missing")?,
            die_type: owned(self.text("die_type")?),
            rolls: self.rolls(kind)?,
            trace_id: owned(self.text("trace_id")?),
        })
    }

    /// A string field that PostgreSQL can store, which excludes NUL.
    fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text))
                if text.chars().count() <= MAX_TEXT && !text.contains('\0') =>
            {
                Ok(Some(text))
            }
            Some(_) => Err(format!(
                "{name} is not a string of at most {MAX_TEXT} characters without NUL"
            )),
        }
    }

    fn uuid(&self, name: &str) -> Result<Option<Uuid>, String> {
        let id = self.text(name)?.map(Uuid::try_parse).transpose();
        id.map_err(|_| format!("{name} is not a UUID"))
    }

    /// A time close to now. A clock that is far off would put events where no panel shows them, and
    /// the extremes of RFC 3339 cannot be converted.
    fn time(&self, name: &str) -> Result<OffsetDateTime, String> {
        let text = self.text(name)?.unwrap_or_default();
        let time = OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| format!("{name} is not an RFC 3339 time"))?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let seconds = |bound: Duration| i64::try_from(bound.as_secs()).unwrap_or(i64::MAX);
        let allowed = now - seconds(MAX_AGE)..=now + seconds(MAX_AHEAD);
        if !allowed.contains(&time.unix_timestamp()) {
            let reason = "is more than 7 days ago or more than 1 hour ahead of this clock";
            return Err(format!("{name} {reason}"));
        }
        Ok(time)
    }

    fn rolls(&self, kind: EventType) -> Result<Option<i16>, String> {
        match kind {
            EventType::Roll => Ok(Some(1)),
            EventType::RollBatch => {
                let size = self.0.get("async_batch_size").and_then(Value::as_i64);
                let rolls = size.and_then(|size| i16::try_from(size).ok());
                let allowed = || format!("async_batch_size is not a number from 1 to {}", i16::MAX);
                let is_batch = |rolls: &i16| *rolls >= 1;
                rolls.filter(is_batch).map(Some).ok_or_else(allowed)
            }
            EventType::SignIn | EventType::PageView | EventType::SignOut => Ok(None),
        }
    }
}
