//! Tests of the linter: each rule detects its mistake.

mod looks;

use serde_json::{Value, json};

use crate::report::Report;
use crate::support::board::{Board, boards};
use crate::{file, lint_one, services};

/// A rule, the mistake, and a function that makes the mistake in the dashboards.
type Sample = (&'static str, &'static str, fn(&mut Vec<Board>));

const SAMPLES: &[Sample] = &[
    ("classic", "the HTTP API's wrapper", |boards| {
        let inner = boards[0].json.take();
        boards[0].json = json!({ "dashboard": inner, "overwrite": true });
    }),
    ("classic", "an export with inputs", |boards| {
        boards[0].json["__inputs"] = json!([]);
    }),
    ("classic", "an import variable as datasource", |boards| {
        panel(boards, STAT)["datasource"]["uid"] = json!("${DS_PROMETHEUS}");
    }),
    ("schema-version", "schema v2", |boards| {
        boards[0].json["schemaVersion"] = json!(2);
    }),
    ("uid", "a space", |boards| {
        boards[0].json["uid"] = json!("stage 1");
    }),
    ("title", "none", |boards| {
        boards[0].json["title"] = json!("");
    }),
    ("variable", "undeclared", |boards| {
        set_query(boards, STAT, r#"up{job=~"$nothing"}"#);
    }),
    ("variable", "unused", |boards| {
        boards[0].json["templating"]["list"][0]["name"] = json!("timeRange");
    }),
    ("duplicate-dashboard", "the same uid twice", |boards| {
        boards[1].json["uid"] = boards[0].json["uid"].clone();
    }),
    ("duplicate-dashboard", "the same title twice", |boards| {
        boards[1].json["title"] = boards[0].json["title"].clone();
    }),
    ("id", "used twice", |boards| {
        panel(boards, STAT)["id"] = json!(1);
    }),
    ("panel-title", "used twice", |boards| {
        panel(boards, STAT)["title"] = json!("Rolls in Range");
    }),
    ("description", "none", |boards| {
        panel(boards, STAT)["description"] = json!("");
    }),
    ("unit", "none", |boards| {
        panel(boards, STAT)["fieldConfig"]["defaults"]["unit"] = Value::Null;
    }),
    ("thresholds", "Grafana's own", |boards| {
        panel(boards, STAT)["fieldConfig"]["defaults"]["thresholds"] = Value::Null;
    }),
    ("thresholds", "descending", |boards| {
        panel(boards, "Error Ratio")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] =
            json!(0.9);
    }),
    ("datasource", "a name instead of a uid", |boards| {
        panel(boards, STAT)["targets"][0]["datasource"]["uid"] = json!("Prometheus");
    }),
    ("datasource", "no query", |boards| {
        panel(boards, STAT)["targets"] = json!([]);
    }),
    ("ref-id", "used twice", |boards| {
        panel(boards, "P50/P95/P99 Latency")["targets"][1]["refId"] = json!("A");
    }),
    ("one-search", "two", |boards| {
        let targets = &mut panel(boards, "Recent Traces")["targets"];
        *targets = json!([targets[0], targets[0]]);
    }),
    ("column", "of a filter", |boards| {
        panel(boards, "Recent Traces")["targets"][0]["query"] = json!("{ span.die.index = 1 }");
    }),
    ("legend", "none", |boards| {
        panel(boards, STAT)["targets"][0]["legendFormat"] = json!("");
    }),
    ("grid", "too wide", |boards| {
        panel(boards, STAT)["gridPos"]["w"] = json!(25);
    }),
    ("overlap", "two in one place", |boards| {
        panel(boards, STAT)["gridPos"]["x"] = json!(8);
    }),
    ("promql", "does not parse", |boards| {
        set_query(boards, STAT, "sum(up");
    }),
    ("window", "of fixed length", |boards| {
        set_query(boards, STAT, "sum(rate(dice_rolls_total[5m]))");
    }),
    ("counter", "without rate or increase", |boards| {
        set_query(boards, STAT, "sum(async_rolls_total)");
    }),
    ("counter", "the rate of a gauge", |boards| {
        set_query(boards, STAT, "rate(async_rolls_in_progress[$__range])");
    }),
    ("quantile", "without summing the series", |boards| {
        let query = "histogram_quantile(0.9, rate(dice_roll_value_bucket[$__range]))";
        set_query(boards, STAT, query);
    }),
    ("heatmap", "as time series", |boards| {
        panel(boards, "Roll Value Distribution")["targets"][0]["format"] = json!("time_series");
    }),
    ("metric", "that no service exposes", |boards| {
        set_query(boards, STAT, "sum(workers_busy)");
    }),
    ("metric", "that another job has", |boards| {
        let query = r#"sum(rate(dice_rolls_total{job="die-service-stage4"}[$__range]))"#;
        set_query(boards, STAT, query);
    }),
    ("metric", "with a label that only Loki has", |boards| {
        set_query(boards, STAT, r#"up{container_name="dice-roller-stage1"}"#);
    }),
    ("metric", "with a value that cannot occur", |boards| {
        let query = r#"sum(rate(dice_rolls_total{result="failure"}[$__range]))"#;
        set_query(boards, STAT, query);
    }),
    ("label", "in a grouping", |boards| {
        set_query(boards, STAT, "sum by (container) (up)");
    }),
    ("label", "in a legend", |boards| {
        panel(boards, STAT)["targets"][0]["legendFormat"] = json!("{{container}}");
    }),
    (
        "counter",
        "without rate or increase, recognised by its type",
        |boards| {
            set_query(boards, STAT, "sum(pg_stat_database_xact_commit)");
        },
    ),
    ("sql-select", "a statement that changes data", |boards| {
        set_sql(
            boards,
            "DELETE FROM usage_events\nWHERE $__timeFilter(occurred_at)",
        );
    }),
    ("sql-select", "two statements", |boards| {
        edit_sql(boards, "LIMIT 50", "LIMIT 50; SELECT 1");
    }),
    ("sql-table", "another table", |boards| {
        edit_sql(boards, "FROM usage_events", "FROM pg_shadow");
    }),
    ("sql-table", "a second table", |boards| {
        edit_sql(boards, "FROM usage_events", "FROM usage_events, pg_shadow");
    }),
    ("sql-word", "an unknown column", |boards| {
        edit_sql(boards, "trace_id", "traceid");
    }),
    ("sql-word", "a function that waits", |boards| {
        edit_sql(boards, "trace_id", "pg_sleep(60)");
    }),
    ("sql-range", "without a time range", |boards| {
        edit_sql(
            boards,
            "WHERE $__timeFilter(occurred_at)",
            "WHERE rolls > 0",
        );
    }),
    ("sql-range", "a filter with an alternative", |boards| {
        edit_sql(
            boards,
            "WHERE $__timeFilter(occurred_at)",
            "WHERE rolls > 0 OR $__timeFilter(occurred_at)",
        );
    }),
    ("sql-unfinished", "a graph that ends in a drop", |boards| {
        let sql = &mut panel(boards, "Usage Events by Type")["targets"][0]["rawSql"];
        let text = sql.as_str().expect("it asks in SQL");
        let at = text.find(" AND extract").expect("it leaves out a step");
        *sql = json!([&text[..at], "\nGROUP BY 1, 2\nORDER BY 1"].concat());
    }),
    ("sql-steps", "a graph with one point", |boards| {
        panel(boards, TABLE)["targets"][0]["format"] = json!("time_series");
    }),
    ("datasource", "another database", |boards| {
        panel(boards, TABLE)["targets"][0]["datasource"]["uid"] = json!("dice-db");
    }),
    ("anchored", "half of a message", |boards| {
        let query = r#"{service_name="dice-roller"} | json | message =~ "Async roll batch""#;
        set_query(boards, "Recent Logs", query);
    }),
    ("trace-link", "none", |boards| {
        panel(boards, "P50/P95/P99 Latency")["fieldConfig"]["defaults"]["links"] = json!([]);
    }),
    ("dashboard-link", "to an unknown dashboard", |boards| {
        let link = json!({ "title": "Workers", "url": "/d/workers" });
        panel(boards, STAT)["fieldConfig"]["defaults"]["links"] = json!([link]);
    }),
];

/// A plain panel of stage 1.
const STAT: &str = "Services Up";

/// A panel of stage 6 with an SQL query.
const TABLE: &str = "Newest Usage Events";

#[tokio::test]
async fn each_rule_detects_its_mistake() {
    let exposed = services::cold().await;
    let right = boards();
    let mut boards = right.clone();
    for (rule, mistake, make) in SAMPLES.iter().chain(looks::SAMPLES) {
        make(&mut boards);
        let mut report = Report::default();
        file::check_together(&boards, &mut report);
        let changed = boards.iter().zip(&right).zip(0..);
        let changed = changed.filter(|((board, right), _)| board.json != right.json);
        let changed: Vec<usize> = changed.map(|(_, index)| index).collect();
        for index in &changed {
            lint_one(&boards[*index], &boards, &exposed, &mut report);
        }
        assert!(
            report.names(rule),
            "the rule {rule:?} does not detect: {mistake}\n{report}"
        );
        for index in changed {
            boards[index].clone_from(&right[index]);
        }
    }
}

/// The rules that are known to find their mistakes.
pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
    SAMPLES.iter().chain(looks::SAMPLES).map(|(rule, ..)| *rule)
}

pub(crate) fn panel<'a>(boards: &'a mut [Board], title: &str) -> &'a mut Value {
    let panels = boards.iter_mut().map(|board| &mut board.json["panels"]);
    panels
        .filter_map(Value::as_array_mut)
        .flatten()
        .find_map(|item| find(item, title))
        .expect("some dashboard has this panel")
}

/// `item`, or the panel in this collapsed row, if its title matches.
fn find<'a>(item: &'a mut Value, title: &str) -> Option<&'a mut Value> {
    if item["title"] == title {
        return Some(item);
    }
    let inside = item["panels"].as_array_mut()?;
    inside.iter_mut().find(|panel| panel["title"] == title)
}

fn set_sql(boards: &mut [Board], query: &str) {
    panel(boards, TABLE)["targets"][0]["rawSql"] = json!(query);
}

/// Replaces the first occurrence of `old` in the query.
fn edit_sql(boards: &mut [Board], old: &str, new: &str) {
    let query = panel(boards, TABLE)["targets"][0]["rawSql"].as_str();
    let query = query.expect("it has an SQL query").replacen(old, new, 1);
    set_sql(boards, &query);
}

fn set_query(boards: &mut [Board], title: &str, query: &str) {
    panel(boards, title)["targets"][0]["expr"] = json!(query);
}
