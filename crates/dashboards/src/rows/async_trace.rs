//! A batch as a trace: spans that overlap.

use serde_json::json;

use super::traces::{open_trace, waterfall};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{TableType, Target};
use crate::model::viz::Viz;
use crate::stage::Stage;

pub(crate) fn row() -> Row {
    Row::new(
        "Async Trace Visualization",
        [
            Line::new(8, [batches().since(Stage::Four)]),
            Line::new(
                16,
                [
                    explanation().since(Stage::Four),
                    waterfall().since(Stage::Four).wide(2),
                ],
            ),
        ],
    )
}

fn batches() -> Panel {
    let hidden = json!([{ "id": "custom.hideFrom.viz", "value": true }]);
    let called = |name: &str| json!([{ "id": "displayName", "value": name }]);
    Panel::new(
        Viz::Table,
        "Recent Async Batches",
        "The newest batches with what was asked for and what came out; a batch without a total \
         failed. Click an id to see its rolls overlap in the waterfall below.",
    )
    .target(Target::Traces {
        query: r#"{ resource.service.name = "dice-roller" && name = "GET /roll-async" } | select(span.die.type, span.async.batch_size, span.async.total_result) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .field("traceIdHidden", &hidden)
    .field("name", &hidden)
    .field("service.name", &hidden)
    .field("traceService", &called("Begun by"))
    .field("traceName", &called("Request"))
    .field(
        "spanID",
        &json!([
            { "id": "displayName", "value": "Batch" },
            { "id": "links", "value": open_trace("${__data.fields.traceIdHidden}") },
        ]),
    )
    .field("die.type", &called("Die"))
    .field("async.batch_size", &called("Rolls"))
    .field("async.total_result", &called("Total"))
}

fn explanation() -> Panel {
    Panel::new(
        Viz::Text(explanation_text()),
        "Understanding Concurrent Spans",
        "What to look for in the waterfall of a batch.",
    )
}

fn explanation_text() -> String {
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
         1. **Parent span:** `async roll batch`, from the first roll's start to the last one's end\n\
         2. **Child spans:** `async_roll_0`, `async_roll_1`, ... one for each roll, with its index, \
         its die and its value\n\n\
         ```\n\
         async roll batch [====================]\n\
         async_roll_0     [======]\n\
         async_roll_1     [====================]\n\
         async_roll_2     [===========]\n\
         async_roll_3     [==]\n\
         ```\n\n\
         They all **start together and overlap**: that is concurrency, and the batch is as long as \
         its slowest roll. One after the other they would form a staircase.\n\n{}",
        searches.concat()
    )
}
