//! Resource usage and losses. Each container runs one process, so process metrics equal container
//! metrics.

use super::losses;
use crate::model::colour::Palette;
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::target::query;
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    Row::new(
        "System Metrics",
        [
            Line::new(7, [cpu(), memory()]),
            Line::new(7, losses::over_time()),
            Line::new(7, [losses::by_service()]),
        ],
    )
    .detail()
}

fn cpu() -> Panel {
    Panel::new(
        Viz::Lines,
        "Container CPU",
        "CPU usage of the process in each container, as a share of a core. Waiting needs no CPU: \
         a thousand sleeping rolls are invisible here.",
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
        "Resident memory of the process in each container. It should level off; memory that only \
         grows is a leak.",
    )
    .target(query(
        "{{job}}",
        r#"sum by (job) (process_resident_memory_bytes{job=~".+-stageN",service!="postgres"})"#,
    ))
    .unit(unit::BYTES)
    .palette(Palette::Services)
}
