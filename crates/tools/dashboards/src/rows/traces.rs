//! Traces: how to find one, and the newest ones.

use serde_json::{Value, json};
use stages::Stage;

use super::logs;
use crate::model::colour::{GREEN, RED, YELLOW};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{TableType, Target};
use crate::model::unit;
use crate::model::viz::Viz;

/// The waterfall's panel id, for links that show only this panel.
const WATERFALL: usize = 1000;

/// Grid rows for a waterfall of 24 spans and its header, which fits the largest batch.
pub(super) const TRACE_HEIGHT: u32 = 24;

pub(crate) fn row() -> Row {
    Row::new(
        "Distributed Traces",
        [
            Line::new(10, [instructions(), recent_traces().wide(2)]),
            Line::new(
                10,
                [
                    service_graph(),
                    recent_trace_ids("").until(Stage::Three),
                    // Grafana highlights the matches of a line filter in every line, but not those
                    // of a field filter.
                    recent_trace_ids(r#"| message =~ "Async roll batch.*""#).since(Stage::Four),
                ],
            ),
            Line::new(TRACE_HEIGHT, [waterfall().until(Stage::Three)]),
        ],
    )
    .detail()
}

/// The links of a column of trace ids; `id` is Grafana's expression for the row's id.
pub(crate) fn open_trace(id: &str) -> Vec<Value> {
    let below = Link::dashboard(
        "Show the waterfall below",
        "stageN-dice-roller",
        &format!("&var-traceId={id}"),
    );
    let alone = Link::dashboard(
        "Show the waterfall alone",
        "stageN-dice-roller",
        &format!("&var-traceId={id}&viewPanel=panel-{WATERFALL}"),
    );
    let explore = Link::traces("Open in Explore", id);
    vec![alone.to_json(), below.to_json(), explore.to_json()]
}

/// The waterfall of the trace that the variable selects.
pub(crate) fn waterfall() -> Panel {
    Panel::new(
        Viz::Trace,
        "Waterfall (Pick a Trace Above First)",
        "One request from its first span to its last; indented spans are caused by the span \
         above. Click a trace id in a table above, or paste one into the variable at the top.",
    )
    .target(Target::Traces {
        query: "$traceId".to_owned(),
        table: TableType::Traces,
    })
    .id(WATERFALL)
}

fn instructions() -> Panel {
    Panel::new(
        Viz::Text(instruction_text),
        "Trace Instructions",
        "What a trace is, and example searches.",
    )
}

fn instruction_text(stage: Stage) -> String {
    let searches = [
        (
            "Newest rolls",
            r#"{ resource.service.name = "dice-roller" && kind = server } with (most_recent=true)"#,
        ),
        (
            "Slower than 900 ms",
            r#"{ resource.service.name = "dice-roller" && kind = server && duration > 900ms }"#,
        ),
        ("Failed rolls", r"{ span.die.error = true }"),
        (
            "The risky die",
            r#"{ resource.service.name = "dice-roller" && span.die.type = "risky" }"#,
        ),
    ];
    let searches =
        searches.map(|(title, query)| format!("* {}\n", Link::traces(title, query).markdown()));
    let chain = match stage {
        Stage::One => "dice-roller",
        Stage::Two => "frontend → dice-roller",
        Stage::Three | Stage::Four => "frontend → dice-roller → die-service",
        Stage::Five | Stage::Six => "frontend → dice-roller → die-service → PostgreSQL",
    };
    format!(
        "A trace follows one roll through {chain}. Each step is a span with a start, a duration and \
         attributes such as the die.\n\n\
         Click a trace id in a table to see its waterfall, or search with TraceQL:\n\n{}\n\
         Panels of latency and errors link to the traces behind their values.",
        searches.concat()
    )
}

fn recent_traces() -> Panel {
    Panel::new(
        Viz::Table,
        "Recent Traces",
        "The newest requests to dice-roller with die, status and duration. Click an id for the \
         waterfall of the whole trace.",
    )
    .target(Target::Traces {
        query: r#"{ resource.service.name = "dice-roller" && kind = server } | select(span.http.route, span.die.type, span.http.response.status_code) with (most_recent=true)"#.to_owned(),
        table: TableType::Spans,
    })
    .columns_of_spans("Request")
    .field("service.name", &hidden())
    .field("http.route", &column("Route", 120))
    .field("die.type", &column("Die", 90))
    .field(
        "http.response.status_code",
        &json!([
            { "id": "displayName", "value": "Status" },
            { "id": "custom.width", "value": 80 },
            { "id": "unit", "value": unit::TEXT },
            { "id": "thresholds", "value": { "mode": "absolute", "steps": [
                { "value": null, "color": GREEN },
                { "value": 400, "color": YELLOW },
                { "value": 500, "color": RED },
            ]}},
            { "id": "custom.cellOptions", "value": { "type": "color-text" } },
        ]),
    )
}

/// The properties of a hidden column.
pub(super) fn hidden() -> Value {
    json!([{ "id": "custom.hideFrom.viz", "value": true }])
}

/// The properties of a column with this name and width in pixels.
pub(super) fn column(name: &str, width: u32) -> Value {
    json!([{ "id": "displayName", "value": name }, { "id": "custom.width", "value": width }])
}

/// A table of spans, which shows only the most useful columns.
pub(super) trait TableOfSpans {
    /// Hides the columns that are equal in all rows, and renames the span id, which opens the
    /// trace, to `id`.
    fn columns_of_spans(self, id: &str) -> Self;
}

impl TableOfSpans for Panel {
    fn columns_of_spans(self, id: &str) -> Self {
        let common = ["traceIdHidden", "name", "traceService", "traceName"];
        let panel = common
            .iter()
            .fold(self, |panel, column| panel.field(column, &hidden()));
        panel
            .field(
                "spanID",
                &json!([
                    { "id": "displayName", "value": id },
                    { "id": "custom.width", "value": 160 },
                    { "id": "links", "value": open_trace("${__data.fields.traceIdHidden}") },
                ]),
            )
            .field("time", &json!([{ "id": "custom.width", "value": 180 }]))
            .field("duration", &json!([{ "id": "custom.width", "value": 100 }]))
    }
}

fn service_graph() -> Panel {
    Panel::new(
        Viz::NodeGraph,
        "Service Graph",
        "Calls between services, derived from the traces alone: mean duration and requests per \
         second. The red part of each ring is the share of failures. A service appears after its \
         first call.",
    )
    .target(Target::ServiceGraph(
        r#"{server=~"frontend|dice-roller|die-service|postgres|usage-sink"}"#,
    ))
    .since(Stage::Two)
}

/// `filter` selects lines.
fn recent_trace_ids(filter: &str) -> Panel {
    Panel::new(
        Viz::Logs,
        "Recent Trace IDs",
        "dice-roller's log lines that belong to a trace, each beginning with its trace id. Open \
         a line for the link to the trace.",
    )
    .target(logs::lines(
        r#"container_name="dice-roller-stageN""#,
        &format!(r#"{filter} | trace_id != """#),
        "{{.trace_id}}  ",
    ))
}
