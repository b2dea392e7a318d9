//! Usage events: what people do, as log lines like any other, told apart by `usage: true`.
//!
//! Where they go is not this program's business: a stage may send them to a database or keep them
//! beside the other lines. Each is written once, as soon as its request is understood, so that an
//! action is one event whatever comes of it. A log level above `info` leaves them out.

use dice::BatchSize;
use tracing::field;
use uuid::Uuid;

use crate::session::{Name, Visitor};

/// The name of those who gave none.
const GUEST: &str = "guest";

/// What a person did. `die_type` is a known die or `unknown`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action<'a> {
    SignIn,
    PageView,
    Roll { die_type: &'a str },
    RollBatch { die_type: &'a str, size: BatchSize },
    SignOut,
}

/// Writes the line about `action` of `visitor`.
pub(crate) fn record(visitor: &Visitor, action: Action<'_>) {
    let (event_type, die_type, size) = match action {
        Action::SignIn => ("sign_in", None, None),
        Action::PageView => ("page_view", None, None),
        Action::Roll { die_type } => ("roll", Some(die_type), None),
        Action::RollBatch { die_type, size } => ("roll_batch", Some(die_type), Some(size.get())),
        Action::SignOut => ("sign_out", None, None),
    };
    tracing::info!(
        usage = true,
        event_type,
        event_id = field::display(Uuid::new_v4()),
        session_id = visitor.session.map(field::display),
        username = visitor.name.as_ref().map_or(GUEST, Name::as_str),
        die_type,
        async_batch_size = size,
        "Usage event"
    );
}
