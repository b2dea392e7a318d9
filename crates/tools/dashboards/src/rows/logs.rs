//! The services' logs.

use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::target::Target;
use crate::model::viz::Viz;

/// A line as readable text: the message and its most important fields.
const WORDS: &str = concat!(
    "{{.logger}}  {{.message}}",
    "{{if .die_identifier}}  {{.die_identifier}}{{end}}",
    "{{if .die_type}}  {{.die_type}}{{end}}",
    "{{if .roll_value}}  {{.roll_value}}{{end}}",
    "{{if .failed}}  {{.failed}} of {{.async_batch_size}} rolls",
    "{{else if .async_batch_size}}  {{.async_batch_size}} rolls{{end}}",
    "{{if .async_total_result}}  total {{.async_total_result}}{{end}}",
    "{{if .event_type}}  {{.event_type}} by {{.username}}{{end}}",
    "{{if .cause}}  {{.cause}}{{end}}",
);

/// Lines of a selector, as readable text. `filter` begins with `|` or is empty; each line begins
/// with `before`.
pub(super) fn lines(selector: &str, filter: &str, before: &str) -> Target {
    Target::Logs(format!(
        r#"{{{selector}}} | json {filter} | line_format "{before}{WORDS}""#
    ))
}

pub(crate) fn row() -> Row {
    Row::new("Logs", [Line::new(11, [recent(), errors()])])
}

fn recent() -> Panel {
    Panel::new(
        Viz::Logs,
        "Recent Logs",
        "The newest lines of all services, formatted from JSON as text. Open a line to see every \
         field and the link to its trace.",
    )
    .target(lines(r#"container_name=~".+-stageN""#, "", ""))
}

fn errors() -> Panel {
    Panel::new(
        Viz::Logs,
        "Error Logs",
        "Errors only. A failure is logged once, by the service in which it happened; the trace \
         of the line shows the other services that it affected.",
    )
    .target(lines(
        r#"container_name=~".+-stageN", level="ERROR""#,
        "",
        "",
    ))
}
