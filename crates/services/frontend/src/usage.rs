//! Usage events: user actions, as log lines with `usage: true`.
//!
//! The collector decides where they go: a stage may send them to a database or keep them with the
//! other lines. Each is written once, when its request has been understood, so that an action is
//! one event whatever its outcome. With a log level above `info` there are none.

use dice::BatchSize;
use tracing::field;
use uuid::Uuid;

use crate::session::{Name, Visitor};

/// The name of visitors who gave none.
const GUEST: &str = "guest";

/// A user action. `die_type` is a known die or `unknown`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action<'a> {
    SignIn,
    PageView,
    Roll { die_type: &'a str },
    RollBatch { die_type: &'a str, size: BatchSize },
    SignOut,
}

/// Logs the `action` of `visitor`.
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
