//! What the services say.

use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::target::Target;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    Row::new("Logs", [Line::new(11, [recent(), errors()])])
}

fn recent() -> Panel {
    Panel::new(
        Viz::Logs,
        "Recent Logs",
        "The newest lines of all services, each turned from JSON into words. Open one to see every \
         field, and the link to its trace.",
    )
    .target(Target::Logs(
        r#"{container_name=~".+-stageN"} | json | line_format "{{.logger}}  {{.message}}  {{.die_type}} {{.roll_value}}""#.to_owned(),
    ))
}

fn errors() -> Panel {
    Panel::new(
        Viz::Logs,
        "Error Logs",
        "Errors only. A failure is logged once, by the service in which it happened: the line's \
         trace shows whom else it reached.",
    )
    .target(Target::Logs(
        r#"{container_name=~".+-stageN", level="ERROR"} | json | line_format "{{.logger}}  {{.message}}  {{.die_type}} {{.cause}}""#.to_owned(),
    ))
}
