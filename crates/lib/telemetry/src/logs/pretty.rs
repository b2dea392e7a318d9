//! Log lines for people: coloured text that begins with the service and the trace id.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::span::with_current;

/// `service trace-id time level message fields`, with a dash instead of the id outside a trace.
pub(crate) struct ForPeople {
    service: String,
    format: Format,
}

impl ForPeople {
    pub(crate) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            format: Format::default().with_target(false),
        }
    }
}

impl<S, N> FormatEvent<S, N> for ForPeople
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let trace = with_current(|span| span.trace_id().to_string());
        let trace = trace.as_deref().unwrap_or("-");
        write!(writer, "{} {trace} ", self.service)?;
        self.format.format_event(context, writer, event)
    }
}
