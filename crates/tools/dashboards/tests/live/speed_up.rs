//! The theoretical speed-up of the batches so far.

use std::time::SystemTime;

use crate::prometheus::{Prometheus, Series};
use crate::support::board::Board;

/// How many times longer the rolls of a stage's batches would take sequentially: a roll takes 1/2 s
/// on average, and the slowest of n takes n/(n+1) s.
///
/// The result is meaningless without batches.
pub(crate) async fn theory(prometheus: &Prometheus, board: &Board, at: SystemTime) -> f64 {
    let Some(stage) = board.stage() else {
        return f64::NAN;
    };
    let sizes = format!(
        r#"sum by (le) (increase(async_roll_batch_size_bucket{{job="dice-roller-stage{stage}",le!="+Inf"}}[10m]))"#
    );
    let buckets = prometheus.range(&sizes, true, at).await;
    let buckets = buckets.expect("a valid query");
    let mut cumulative: Vec<_> = buckets.iter().filter_map(size_and_count).collect();
    cumulative.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (mut one_by_one, mut at_once, mut below) = (0.0, 0.0, 0.0);
    for (size, count) in cumulative {
        let batches = count - below;
        one_by_one += batches * size / 2.0;
        at_once += batches * size / (size + 1.0);
        below = count;
    }
    one_by_one / at_once
}

fn size_and_count(bucket: &Series) -> Option<(f64, f64)> {
    let size = bucket.labels.get("le")?.parse().ok()?;
    Some((size, bucket.last()))
}
