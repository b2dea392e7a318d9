//! The path of usage events from a log line to a database row, and losses along it.

use stages::Stage;

use crate::model::colour::{BLUE, GREEN, Palette, YELLOW};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::sql::over_time;
use crate::model::target::{Target, instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

/// Alloy's counters have no series before the first line. This yields 0 while Alloy runs and
/// nothing while it does not.
const OR_NONE_YET: &str = r#"or 0 * sum(up{job="alloy"} == 1)"#;

/// The exporter reports each kind of telemetry separately; this selects logs.
const TO_THE_SINK: &str =
    r#"job="alloy",component_id=~"otelcol.exporter.otlphttp.+",data_type="logs""#;

pub(crate) fn row() -> Row {
    let alloy = [
        lines().wide(7),
        dropped().wide(6),
        queue().wide(6),
        in_loki().wide(5),
    ];
    let sink = [
        stored().wide(7),
        deliveries().wide(6),
        delay().wide(6),
        apart().wide(5),
    ];
    Row::new(
        "Usage Routing",
        [
            Line::new(8, alloy.map(|panel| panel.since(Stage::Six))),
            Line::new(8, sink.map(|panel| panel.since(Stage::Six))),
        ],
    )
}

fn lines() -> Panel {
    let rate = |counter: &str| format!("sum(rate({counter}[$__rate_interval])) {OR_NONE_YET}");
    Panel::new(
        Viz::Lines,
        "Lines Through Alloy",
        "Log lines per second that Alloy read from all containers, and their destinations. Each \
         line goes to one place, so the two add up to the first. With LOG_ROUTES=usage-and-loki, \
         usage lines go to both.",
    )
    .targets([
        query(
            "read",
            rate(r#"loki_source_docker_target_entries_total{job="alloy"}"#),
        ),
        query(
            "to Loki",
            rate(r#"loki_write_sent_entries_total{job="alloy"}"#),
        ),
        query(
            "to the sink",
            rate(r#"otelcol_exporter_sent_log_records_total{job="alloy",component_id=~"otelcol.exporter.otlphttp.+"}"#),
        ),
    ])
    .unit(unit::LINES)
    .palette(Palette::Routing)
}

fn dropped() -> Panel {
    Panel::new(
        Viz::Lines,
        "Lines Dropped by Branch",
        "Every line enters both branches, and one of them drops it: usage lines are dropped \
         before Loki, operational lines before the sink. These drops are the intended routing, \
         not losses.",
    )
    .target(query(
        "{{reason}}",
        r#"sum by (reason) (rate(loki_process_dropped_lines_total{job="alloy"}[$__rate_interval]))"#,
    ))
    .unit(unit::LINES)
    .palette(Palette::Routing)
}

fn queue() -> Panel {
    Panel::new(
        Viz::Lines,
        "Queue to the Sink",
        "Usage lines that wait in Alloy because the sink answers 503 or not at all, and the \
         queue's capacity. Below capacity nothing is lost; a full queue blocks the other branch, \
         too.",
    )
    .targets([
        query(
            "waiting",
            format!("sum(otelcol_exporter_queue_size{{{TO_THE_SINK}}})"),
        ),
        query(
            "capacity",
            format!("sum(otelcol_exporter_queue_capacity{{{TO_THE_SINK}}})"),
        ),
    ])
    .unit(unit::COUNT)
    .palette(Palette::Routing)
}

fn in_loki() -> Panel {
    Panel::new(
        Viz::Stat,
        "Usage Lines in Loki",
        "Lines with usage: true that reached Loki within the time range. 0 is expected: user \
         activity stays out of the logs. With LOG_ROUTES=usage-and-loki, usage lines reach Loki.",
    )
    .target(Target::LogCount {
        legend: "usage lines",
        query: r#"sum(count_over_time({container_name=~".+-stageN"} |= `"usage":true` | json | usage="true" [$__range])) or vector(0)"#.to_owned(),
    })
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(GREEN, &[(1.0, YELLOW)])
}

fn stored() -> Panel {
    Panel::new(
        Viz::Lines,
        "Events at the Sink",
        "Outcome of each event that arrived. A duplicate was delivered again because an answer \
         was lost, and recognised by its event_id; a rejected line is not a valid usage event.",
    )
    .target(query(
        "{{outcome}}",
        r#"sum by (outcome) (rate(usage_events_total{job="usage-sink-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::EVENTS)
    .palette(Palette::Routing)
}

fn deliveries() -> Panel {
    Panel::new(
        Viz::Lines,
        "Deliveries by Status",
        "Batches per second by the sink's answer. After a 503 the sink cannot store at the \
         moment and Alloy retries; after a 400 or a 500 Alloy drops the batch.",
    )
    .target(query(
        "{{status}}",
        r#"sum by (status) (rate(http_requests_total{job="usage-sink-stageN",handler="/v1/logs"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Statuses)
    .link(Link::traces(
        "Deliveries with this status",
        r#"{ resource.service.name = "usage-sink" && kind = server && span.http.response.status_code = ${__field.labels.status} }"#,
    ))
}

fn delay() -> Panel {
    Panel::new(
        Viz::Lines,
        "Delay from Event to Row",
        "Time from writing an event's line to storing its row. About a second is normal, because \
         Alloy collects a batch; an outage of the sink or its database adds its length.",
    )
    .target(over_time(
        "SELECT $__timeGroupAlias(occurred_at,$__interval),\n\
         \x20 percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - occurred_at)) AS \"P50\",\n\
         \x20 percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - occurred_at)) AS \"P95\",\n\
         \x20 max(extract(epoch FROM received_at - occurred_at)) AS slowest\n\
         FROM usage_events\n\
         WHERE $__timeFilter(occurred_at) AND extract(epoch FROM occurred_at) < $__timeGroup(current_timestamp,$__interval)\n\
         GROUP BY 1\n\
         ORDER BY 1",
    ))
    .unit(unit::SECONDS)
    .palette(Palette::Quantiles)
    .interval("1m")
}

fn apart() -> Panel {
    let sent = r#"sum(increase(otelcol_exporter_sent_log_records_total{job="alloy",component_id=~"otelcol.exporter.otlphttp.+"}[$__range]))"#;
    let stored =
        r#"sum(increase(usage_events_total{job="usage-sink-stageN",outcome="stored"}[$__range]))"#;
    let apart = format!("({sent} {OR_NONE_YET}) - {stored}");
    Panel::new(
        Viz::Stat,
        "Sent and Stored",
        "Usage lines within the time range that Alloy handed over, and events that the sink stored. \
         Apart are 0 up to 2 % and 5 events: the two are scraped at different moments.",
    )
    .targets([
        instant("sent", format!("{sent} {OR_NONE_YET}")),
        instant("stored", stored),
        instant(
            "apart",
            format!("({apart}) * (abs({apart}) > bool (5 + 0.02 * {stored}))"),
        ),
    ])
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(BLUE, &[])
}
