//! The same system with die-service and every worker gone: what was rightly 0 is no longer.

use crate::prometheus::Prometheus;
use crate::support::board::{Board, boards};
use crate::{ask, first_query};

/// A panel, the series by one of its labels (any, if empty), and what it comes to show.
type Expected = (
    &'static str,
    &'static str,
    (&'static str, &'static str),
    fn(f64) -> bool,
);

const ZERO: fn(f64) -> bool = |value| value == 0.0;
const MORE: fn(f64) -> bool = |value| value > 0.0;

const EXPECTED: [Expected; 10] = [
    (
        "stage4-dashboard.json",
        "Services Up",
        ("service", "die-service"),
        ZERO,
    ),
    (
        "stage4-dashboard.json",
        "Die Service Request Rate",
        ("status", "error"),
        MORE,
    ),
    (
        "stage4-dashboard.json",
        "Status Code Distribution",
        ("status", "503"),
        MORE,
    ),
    ("stage4-dashboard.json", "Error Ratio", ("", ""), MORE),
    ("system-overview.json", "Error Rate", ("", ""), MORE),
    (
        "system-overview.json",
        "Errors by Status Code",
        ("http_status_code", "503"),
        MORE,
    ),
    ("system-overview.json", "Healthy Services", ("", ""), |up| {
        up == 1.0
    }),
    ("worker-status.json", "Healthy Workers", ("", ""), ZERO),
    ("worker-status.json", "Registered Workers", ("", ""), ZERO),
    ("worker-status.json", "Worker Availability", ("", ""), ZERO),
];

/// Waits until Prometheus has seen that they are gone, and the queue of operations is full.
pub(crate) async fn check(prometheus: &Prometheus) -> Vec<String> {
    prometheus
        .until("the killed to be missed", r#"sum(up{service!=""}) == 8"#)
        .await;
    let refused =
        r#"sum(rate(http_server_duration_milliseconds_count{http_status_code="503"}[20s])) > 0"#;
    prometheus.until("a full queue", refused).await;
    let lost = r#"sum(workers_registered{state=~"available|busy"}) == 0"#;
    prometheus.until("the workers to be missed", lost).await;
    let boards = boards();
    let mut problems = Vec::new();
    for (file, title, label, holds) in EXPECTED {
        let board = boards.iter().find(|board| board.file == file);
        let shown = shown(prometheus, board.expect("it is compiled"), title, label).await;
        println!("broken: {file}: {title} {label:?} shows {shown:?}");
        if !shown.is_ok_and(holds) {
            problems.push(format!(
                "{file}: {title} {label:?} does not show what is broken"
            ));
        }
    }
    problems
}

async fn shown(
    prometheus: &Prometheus,
    board: &Board,
    title: &str,
    (label, value): (&str, &str),
) -> Result<f64, String> {
    let values = prometheus.values(board.variables());
    let series = ask(prometheus, &values, &first_query(board, title)).await?;
    let mut matching = series
        .iter()
        .filter(|series| label.is_empty() || series.labels.get(label).is_some_and(|l| l == value));
    let first = matching.next().ok_or("no such series")?;
    Ok(first.last())
}
