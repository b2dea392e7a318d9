//! SQL panels, run against the real database as Grafana runs them.

use std::time::{Duration, SystemTime};

use humantime::format_rfc3339_millis;
use serde_json::Value;

use crate::postgres::Postgres;
use crate::prometheus::{SCRAPE, Series};
use crate::support::board::Query;

/// Longer than the duration of the test.
const RANGE: Duration = Duration::from_secs(600);

/// The result of the query at this time; an error if it also returns rows for a time before the
/// database existed.
pub(crate) async fn ask(
    postgres: &Postgres,
    query: &Query,
    at: SystemTime,
) -> Result<Vec<Series>, String> {
    let before = postgres.select(&fill(&query.expr, at - RANGE)).await?;
    let shown = series(&before).iter().map(Series::last).find(|v| *v != 0.0);
    if let Some(value) = shown {
        return Err(format!("shows {value} for a time without events"));
    }
    Ok(series(&postgres.select(&fill(&query.expr, at)).await?))
}

/// `query` with Grafana's macros expanded for a time range that ends `at`.
fn fill(query: &str, at: SystemTime) -> String {
    let [from, to] = [at - RANGE, at].map(format_rfc3339_millis);
    let filter = format!("occurred_at BETWEEN '{from}' AND '{to}'");
    let step = SCRAPE.as_secs_f64();
    let now = format!("floor(extract(epoch from current_timestamp)/{step})*{step}");
    let group = format!("floor(extract(epoch from occurred_at)/{step})*{step} AS \"time\"");
    query
        .replace("$__timeFilter(occurred_at)", &filter)
        .replace("$__timeGroup(current_timestamp,$__interval)", &now)
        .replace("$__timeGroupAlias(occurred_at,$__interval)", &group)
}

/// One series for each value of the column `metric`, or else for each numeric column.
fn series(rows: &[Value]) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for row in rows.iter().filter_map(Value::as_object) {
        let own = row.get("metric").and_then(Value::as_str);
        let columns = row.iter().filter(|(column, _)| *column != "time");
        for (column, value) in columns.filter_map(|(c, value)| Some((c, value.as_f64()?))) {
            let name = own.unwrap_or(column);
            let known = all.iter_mut().find(|series| series.labels["name"] == name);
            match known {
                Some(series) => series.values.push(value),
                None => all.push(Series {
                    labels: [("name".to_owned(), name.to_owned())].into(),
                    values: vec![value],
                }),
            }
        }
    }
    all
}
