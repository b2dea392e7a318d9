//! A batch as a trace with overlapping spans.

use stages::Stage;

use super::traces::{TRACE_HEIGHT, TableOfSpans, column, hidden, waterfall};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{TableType, Target};
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    Row::new(
        "Async Trace Visualization",
        [
            Line::new(8, [batches().since(Stage::Four)]),
            Line::new(
                TRACE_HEIGHT,
                [
                    explanation().since(Stage::Four),
                    waterfall().since(Stage::Four).wide(2),
                ],
            ),
        ],
    )
    .detail()
}

fn batches() -> Panel {
    Panel::new(
        Viz::Table,
        "Recent Async Batches",
        "The newest batches with their die, size and total; a batch without a total failed. \
         Click an id to see its overlapping rolls in the waterfall.",
    )
    .target(Target::Traces {
        query: r#"{ resource.service.name = "dice-roller" && name = "GET /roll-async" } | select(span.die.type, span.async.batch_size, span.async.total_result) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .columns_of_spans("Batch")
    .field("service.name", &hidden())
    .field("die.type", &column("Die", 120))
    .field("async.batch_size", &column("Rolls", 120))
    .field("async.total_result", &column("Total", 120))
}

fn explanation() -> Panel {
    Panel::new(
        Viz::Text(explanation_text),
        "Understanding Concurrent Spans",
        "How to read the waterfall of a batch.",
    )
}

fn explanation_text(_: Stage) -> String {
    let searches = [
        (
            "Batches of more than five",
            r#"{ resource.service.name = "dice-roller" && span.async.batch_size > 5 }"#,
        ),
        (
            "Rolls directly below such a batch",
            r#"{ span.async.batch_size > 5 } > { name =~ "async_roll_.*" }"#,
        ),
        (
            "Traces with more than five rolls",
            r#"{ resource.service.name = "dice-roller" && name =~ "async_roll_.*" } | count() > 5"#,
        ),
    ];
    let searches =
        searches.map(|(title, query)| format!("* {}\n", Link::traces(title, query).markdown()));
    format!(
        "In the trace of a batch:\n\n\
         1. **Parent span:** `async roll batch`, from the start of the first roll to the end of the last\n\
         2. **Child spans:** `async_roll_0`, `async_roll_1`, ... one for each roll, with its index, \
         its die and its value\n\n\
         ```\n\
         async roll batch [====================]\n\
         async_roll_0     [======]\n\
         async_roll_1     [====================]\n\
         async_roll_2     [===========]\n\
         async_roll_3     [==]\n\
         ```\n\n\
         They all **start together and overlap**: they run concurrently, and the batch takes as long \
         as its slowest roll. Sequential rolls would form a staircase.\n\n{}",
        searches.concat()
    )
}
