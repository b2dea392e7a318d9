//! What it costs. One process to a container: the process's own figures are the container's.

use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::target::query;
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    Row::new("System Metrics", [Line::new(7, [cpu(), memory()])]).detail()
}

fn cpu() -> Panel {
    Panel::new(
        Viz::Lines,
        "Container CPU",
        "CPU of the one process in each container, as a share of a core. Waiting costs nothing: a \
         thousand sleeping rolls do not show here.",
    )
    .target(query(
        "{{job}}",
        r#"sum by (job) (rate(process_cpu_seconds_total{job=~".+-stageN",service!="postgres"}[$__rate_interval]))"#,
    ))
    .unit(unit::RATIO)
    .palette(Palette::Services)
}

fn memory() -> Panel {
    Panel::new(
        Viz::Lines,
        "Container Memory",
        "Memory of the one process in each container that is actually in RAM. It should level off; one \
         that only climbs is a leak.",
    )
    .target(query(
        "{{job}}",
        r#"sum by (job) (process_resident_memory_bytes{job=~".+-stageN",service!="postgres"})"#,
    ))
    .unit(unit::BYTES)
    .palette(Palette::Services)
}
