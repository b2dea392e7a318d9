//! Values that single panels show after an outage or a recovery.

use std::time::{Duration, Instant, SystemTime};

use crate::prometheus::Prometheus;
use crate::support::board::{Board, boards};

/// A panel, a series selected by one label (any if empty), and a condition on its value.
pub(crate) type Expected = (
    &'static str,
    &'static str,
    (&'static str, &'static str),
    fn(f64) -> bool,
);

pub(crate) const ZERO: fn(f64) -> bool = |value| value == 0.0;
pub(crate) const ONE: fn(f64) -> bool = |value| value == 1.0;
pub(crate) const MORE: fn(f64) -> bool = |value| value > 0.0;
pub(crate) const LESS: fn(f64) -> bool = |value| value < 1.0;

/// Panels are queried until the condition holds: scrapes happen at different times.
const TIMEOUT: Duration = Duration::from_secs(40);

/// The panels that never meet their condition; `when` describes the situation.
pub(crate) async fn check(
    prometheus: &Prometheus,
    when: &str,
    expected: &[Expected],
) -> Vec<String> {
    let start = Instant::now();
    let boards = boards();
    let mut problems = Vec::new();
    for (file, title, label, holds) in expected {
        let board = boards.iter().find(|board| board.file == *file);
        let board = board.expect("it is compiled");
        let holds = |shown: &Result<f64, String>| shown.as_ref().is_ok_and(|value| holds(*value));
        let mut shown = last(prometheus, board, title, *label).await;
        while !holds(&shown) && start.elapsed() < TIMEOUT {
            tokio::time::sleep(Duration::from_millis(250)).await;
            shown = last(prometheus, board, title, *label).await;
        }
        let after = start.elapsed().as_secs_f64();
        let found = format!("{when}: {file}: {title} {label:?} shows {shown:?} after {after:.0} s");
        println!("{found}");
        if !holds(&shown) {
            problems.push(found);
        }
    }
    problems
}

/// The last value of the panel's first query.
async fn last(
    prometheus: &Prometheus,
    board: &Board,
    title: &str,
    (label, value): (&str, &str),
) -> Result<f64, String> {
    let queries = board.promql();
    let query = queries.iter().find(|query| query.place == title);
    let query = query.ok_or("no such panel")?;
    let series = prometheus.ask(board, query, SystemTime::now()).await?;
    let mut matching = series
        .iter()
        .filter(|series| label.is_empty() || series.labels.get(label).is_some_and(|l| l == value));
    let first = matching.next().ok_or("no such series")?;
    Ok(first.last())
}
