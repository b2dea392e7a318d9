//! Traces: how to find one, and the newest.

use serde_json::json;

use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::{TableType, Target};
use crate::model::viz::Viz;
use crate::stage::Stage;

/// The waterfall's panel id, which links to it alone need.
const WATERFALL: usize = 1000;

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
                    recent_trace_ids(r#" |= "Async roll batch""#).since(Stage::Four),
                ],
            ),
            Line::new(14, [waterfall().until(Stage::Three)]),
        ],
    )
}

/// The links of a column of trace ids; `id` is Grafana's expression for the row's id.
pub(crate) fn open_trace(id: &str) -> Vec<serde_json::Value> {
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
    vec![below.to_json(), alone.to_json(), explore.to_json()]
}

/// The waterfall of the trace in the variable.
pub(crate) fn waterfall() -> Panel {
    Panel::new(
        Viz::Trace,
        "Waterfall (Pick a Trace Above First)",
        "One request from its first span to its last; indented spans are caused by the one above. \
         Click a trace id in a table above, or paste one into the variable at the top.",
    )
    .target(Target::Traces {
        query: "$traceId".to_owned(),
        table: TableType::Traces,
    })
    .id(WATERFALL)
}

fn instructions() -> Panel {
    Panel::new(
        Viz::Text(instruction_text()),
        "Trace Instructions",
        "What a trace is, and searches to begin with.",
    )
}

fn instruction_text() -> String {
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
    let searches = searches.map(|(title, query)| {
        let link = Link::traces(title, query).markdown();
        format!("* {link}: `{query}`\n")
    });
    format!(
        "A trace follows one roll through every service that takes part: traffic-gen → frontend → \
         dice-roller → die-service → PostgreSQL, as far as this stage has them. Each step is a span with a start, \
         a duration and attributes such as `die.type`.\n\n\
         Pick a trace in a table to see its waterfall on this page, or search with TraceQL:\n\n{}\n\
         Every latency and error panel above links to the traces behind its values.",
        searches.concat()
    )
}

fn recent_traces() -> Panel {
    Panel::new(
        Viz::Table,
        "Recent Traces",
        "The newest traces that passed through dice-roller, with the service and the request they \
         began at. Click an id for its waterfall; unfold a row for the spans that matched.",
    )
    .target(Target::Traces {
        query: r#"{ resource.service.name = "dice-roller" && kind = server } | select(span.die.type, span.http.response.status_code) with (most_recent=true)"#.to_owned(),
        table: TableType::Traces,
    })
    .field(
        "traceID",
        &json!([{ "id": "links", "value": open_trace("${__value.raw}") }]),
    )
}

fn service_graph() -> Panel {
    Panel::new(
        Viz::NodeGraph,
        "Service Graph",
        "Who calls whom, drawn from the traces alone: mean duration and requests a second, with the \
         red part of each ring the share that failed. A service appears once it was called.",
    )
    .target(Target::ServiceGraph(
        r#"{server=~"frontend|dice-roller|die-service|postgres|usage-sink"}"#,
    ))
    .since(Stage::Two)
}

/// `filter` narrows the lines down.
fn recent_trace_ids(filter: &str) -> Panel {
    let lines = r#"{container_name="dice-roller-stageN"}"#;
    let shown =
        r#"| trace_id != "" | json | line_format "{{.trace_id}}  {{.message}}  {{.die_type}}""#;
    Panel::new(
        Viz::Logs,
        "Recent Trace IDs",
        "dice-roller's log lines that were written inside a trace, each beginning with its id: the \
         way from a log line to its trace. Open a line for the link.",
    )
    .target(Target::Logs(format!("{lines}{filter} {shown}")))
}
