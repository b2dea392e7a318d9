//! What concurrency gains: a batch compared with the same number of sequential rolls.

use stages::Stage;

use crate::model::colour::{BLUE, GREEN, RED};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::mean;
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

const ROLLER: &str = r#"job="dice-roller-stageN""#;
/// Successful single rolls only: requests that are refused early would make rolls look fast.
const SYNC: &str = r#"job="dice-roller-stageN",handler="/roll",status=~"2..""#;

pub(crate) fn row() -> Row {
    let figures = [sync_duration(), async_duration(), improvement()];
    Row::new(
        "Async Performance Comparison",
        [
            Line::new(4, figures.map(|panel| panel.since(Stage::Four))),
            Line::new(7, [durations().since(Stage::Four)]),
        ],
    )
}

fn sync_duration() -> Panel {
    Panel::new(
        Viz::Stat,
        "Sync Roll Average Duration",
        "Mean duration of a single roll within the time range: about half a second, the mean of a \
         random wait of 0 to 1 s.",
    )
    .target(instant(
        "one roll",
        mean("http_request_duration_seconds", SYNC, "$__range"),
    ))
    .unit(unit::SECONDS)
    .no_value("no rolls")
    .thresholds(BLUE, &[])
    .link(Link::traces(
        "Traces at least this slow",
        r#"{ resource.service.name = "dice-roller" && name = "GET /roll" && duration >= ${__value.raw}s }"#,
    ))
}

fn async_duration() -> Panel {
    Panel::new(
        Viz::Stat,
        "Async Roll Average Duration",
        "Mean duration of a whole batch: the slowest of n rolls, n/(n+1) seconds on average. It \
         is longer than one roll and much shorter than n of them.",
    )
    .target(instant(
        "one batch",
        mean("async_roll_duration_seconds", ROLLER, "$__range"),
    ))
    .unit(unit::SECONDS)
    .no_value("no batches")
    .thresholds(BLUE, &[])
    .link(Link::traces(
        "Batches at least this slow",
        r#"{ name = "async roll batch" && duration >= ${__value.raw}s }"#,
    ))
}

fn improvement() -> Panel {
    let one_roll = mean("http_request_duration_seconds", SYNC, "$__range");
    let rolls_per_batch = mean("async_roll_batch_size", ROLLER, "$__range");
    let one_batch = mean("async_roll_duration_seconds", ROLLER, "$__range");
    Panel::new(
        Viz::Stat,
        "Performance Improvement Factor",
        "How much longer the rolls of a batch would take one after the other: mean roll × mean \
         batch size ÷ mean batch. The theoretical value is (n+1)/2, about 3.4 for batches of 1 \
         to 10.",
    )
    .target(instant(
        "speed-up",
        format!("({one_roll}) * ({rolls_per_batch}) / ({one_batch})"),
    ))
    .unit(unit::TIMES)
    .decimals(2)
    .no_value("needs rolls and batches")
    .thresholds(RED, &[(1.0, GREEN)])
    .link(Link::traces(
        "Batches, whose spans overlap",
        r#"{ span.async.batch_size > 1 } > { name =~ "async_roll_.*" }"#,
    ))
}

fn durations() -> Panel {
    Panel::new(
        Viz::Heatmap,
        "Async Duration Distribution",
        "Batches by duration, over time; the colour scale shows how many. Large batches cluster \
         just below one second, because one of many rolls is nearly always slow.",
    )
    .target(
        query(
            "{{le}}",
            r#"sum by (le) (increase(async_roll_duration_seconds_bucket{job="dice-roller-stageN"}[$__rate_interval]))"#,
        )
        .heatmap(),
    )
    .unit(unit::SECONDS)
    .link(Link::traces(
        "Traces of batches",
        r#"{ name = "async roll batch" }"#,
    ))
}
