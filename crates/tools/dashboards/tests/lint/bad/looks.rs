//! Mistakes that were seen in Grafana: wrong order, colours and texts.

use serde_json::{Value, json};

use super::{Sample, panel, set_query};

pub(super) const SAMPLES: &[Sample] = &[
    ("unit-short", "a number that loses its digits", |boards| {
        panel(boards, "Rolls in Range")["fieldConfig"]["defaults"]["unit"] = json!("short");
    }),
    (
        "threshold-mean",
        "a colour that flips for nothing",
        |boards| {
            panel(boards, "Error Ratio")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] =
                json!(0.15);
        },
    ),
    ("colour-meaning", "errors that are not red", |boards| {
        let overrides = &mut panel(boards, "Error Rate - Dice Roller")["fieldConfig"]["overrides"];
        overrides[2]["properties"][0]["value"]["fixedColor"] = json!("white");
    }),
    (
        "colour-meaning",
        "a red line that is not an error",
        |boards| {
            let overrides = &mut panel(boards, "Worker CPU Usage")["fieldConfig"]["overrides"];
            overrides[0]["properties"][0]["value"]["fixedColor"] = json!("red");
        },
    ),
    ("colour-meaning", "by a hash of the name", |boards| {
        panel(boards, "Worker CPU Usage")["fieldConfig"]["defaults"]["color"]["mode"] =
            json!("palette-classic-by-name");
    }),
    ("heatmap-text", "correct in one theme only", |boards| {
        panel(boards, "Async Duration Distribution")["description"] =
            json!("Batches by duration: the darker, the more.");
    }),
    ("state-words", "thresholds replace the texts", |boards| {
        panel(boards, "Worker Availability")["fieldConfig"]["defaults"]["color"]["mode"] =
            json!("thresholds");
    }),
    ("graph-decimals", "labels that repeat", |boards| {
        panel(boards, "Container CPU")["fieldConfig"]["defaults"]["decimals"] = json!(1);
    }),
    ("axis-quiet", "0 to 100 without a request", |boards| {
        panel(boards, "503 Answers by Service")["fieldConfig"]["defaults"]["custom"]["axisSoftMax"] =
            Value::Null;
    }),
    ("legend-zeros", "statuses that never occur", |boards| {
        let overrides =
            &mut panel(boards, "Request Rate - Die Service")["fieldConfig"]["overrides"];
        overrides.as_array_mut().expect("a list").pop();
    }),
    ("log-words", "a truncated line", |boards| {
        panel(boards, "Recent Logs")["options"]["wrapLogMessage"] = json!(false);
    }),
    ("log-words", "a line without its subject", |boards| {
        let query = r#"{container_name="x"} | json | line_format "{{.message}}""#;
        set_query(boards, "Recent Logs", query);
    }),
    (
        "log-words",
        "the filter is highlighted in every line",
        |boards| {
            let query = boards[3].panel("Recent Trace IDs")["targets"][0]["expr"].clone();
            let query = query
                .as_str()
                .expect("a query")
                .replace("| json", r#"|= "batch" | json"#);
            set_query(boards, "Recent Trace IDs", &query);
        },
    ),
    ("stage-text", "of a later stage", |boards| {
        panel(boards, "Trace Instructions")["options"]["content"] = json!("→ die-service");
    }),
    ("one-p95", "twice, from two sources", |boards| {
        let targets = &mut panel(boards, "P50/P95/P99 Latency")["targets"];
        let mut spans = targets[1].clone();
        spans["refId"] = json!("Z");
        spans["legendFormat"] = json!("P95 of spans");
        spans["expr"] = json!(
            "histogram_quantile(0.95, sum by (le) (rate(traces_spanmetrics_latency_bucket{service=\"dice-roller\",span_kind=\"SPAN_KIND_SERVER\"}[$__rate_interval])))"
        );
        targets.as_array_mut().expect("a list").push(spans);
    }),
    (
        "story-top",
        "health is not visible without scrolling",
        |boards| {
            panel(boards, "Health by Service")["gridPos"]["y"] = json!(18);
        },
    ),
    ("story-order", "a new row is collapsed", |boards| {
        panel(boards, "Async Roll Metrics")["collapsed"] = json!(true);
    }),
    ("story-empty", "a waterfall without a trace", |boards| {
        panel(boards, "Distributed Traces")["collapsed"] = json!(false);
    }),
    ("query-count", "a row that should be collapsed", |boards| {
        let folded = panel(boards, "Async Roll Metrics")["panels"].take();
        let mut folded = folded.as_array().cloned().unwrap_or_default();
        let all = boards[5].json["panels"].as_array_mut().expect("a list");
        let inside = all.iter().filter_map(|row| row["panels"].as_array());
        folded.extend(inside.flatten().cloned().collect::<Vec<_>>());
        all.extend(folded);
    }),
    ("duplicate-query", "sent twice", |boards| {
        let query = boards[0].panel("Rolls in Range")["targets"][0]["expr"].clone();
        set_query(boards, "Error Ratio", query.as_str().expect("a query"));
    }),
    ("text-column", "a port of 5.00 K", |boards| {
        panel(boards, "Worker Health Matrix")["fieldConfig"]["defaults"]["unit"] = json!("locale");
    }),
    ("text-column", "a user called 7 instead of 007", |boards| {
        let overrides = &mut panel(boards, "Dice by User")["fieldConfig"]["overrides"];
        overrides[0]["properties"] = json!([]);
    }),
    ("number-column", "a figure without a unit", |boards| {
        let overrides = &mut panel(boards, "Worker Health Matrix")["fieldConfig"]["overrides"];
        let overrides = overrides.as_array_mut().expect("a list");
        overrides.retain(|one| one["matcher"]["options"] != "Memory");
    }),
    ("brief-gauge", "0 at every scrape", |boards| {
        let query = r#"sum(async_rolls_in_progress{job="dice-roller-stage4"})"#;
        set_query(boards, "Async Rolls In Progress", query);
    }),
    ("brief-gauge", "a pool that is always idle", |boards| {
        let query = "database_connection_pool_size - database_connection_pool_available";
        set_query(boards, "Connection Pool", query);
    }),
    ("axis-drop", "99 % looks like 100 %", |boards| {
        panel(boards, "Cache Hit Ratio")["fieldConfig"]["defaults"]["custom"]["axisSoftMin"] =
            json!(0);
    }),
    ("apart-tolerance", "-3 with nothing lost", |boards| {
        let targets = &mut panel(boards, "Sent and Stored")["targets"];
        let [sent, stored] = [0, 1].map(|at| targets[at]["expr"].as_str().unwrap_or_default());
        targets[2]["expr"] = json!(format!("({sent}) - {stored}"));
    }),
    ("variable-text", "a box that reads { false }", |boards| {
        boards[3].json["templating"]["list"][0]["current"]["text"] = json!("{ false }");
    }),
    ("pie-narrow", "a pie of 50 pixels", |boards| {
        let pie = panel(boards, "Die Type Usage");
        pie["gridPos"]["w"] = json!(8);
        pie["options"]["legend"]["placement"] = json!("right");
    }),
    ("waterfall-height", "eleven rows of a batch", |boards| {
        let row = panel(boards, "Async Trace Visualization");
        for panel in row["panels"].as_array_mut().expect("it is folded") {
            panel["gridPos"]["h"] = json!(14);
        }
    }),
    ("losses", "spans are lost, and no panel says so", |boards| {
        set_query(boards, "Spans Lost", "sum(up)");
    }),
    (
        "losses",
        "nothing is said before a row is opened",
        |boards| {
            set_query(boards, "Losses in Range", "sum(up)");
        },
    ),
    ("minutes", "no link to a shorter range", |boards| {
        boards[0].json["links"] = json!([]);
    }),
];
