//! Batches: how many, how large, and how much happens at once.

use stages::Stage;

use crate::model::colour::{BLUE, GREEN, Palette, RED, YELLOW};
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::promql::{mean, percentiles};
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    let graphs = [roll_rates(), batch_sizes()].map(|panel| panel.since(Stage::Four));
    let figures = [rolls_in_progress(), batches_in_flight(), totals()];
    let figures = figures.map(|panel| panel.since(Stage::Four));
    Row::new(
        "Async Roll Metrics",
        [Line::new(7, graphs), Line::new(5, figures)],
    )
}

fn roll_rates() -> Panel {
    Panel::new(
        Viz::Lines,
        "Async vs Sync Roll Rate",
        "Single dice a second, thrown one to a request or many to a batch. A few batches make more \
         rolls than many single requests.",
    )
    .targets([
        query(
            "Sync Rolls/sec",
            r#"sum(rate(dice_rolls_total{job="dice-roller-stageN"}[$__rate_interval]))"#,
        ),
        query(
            "Async Rolls/sec (from batches)",
            r#"sum(rate(async_rolls_total{job="dice-roller-stageN"}[$__rate_interval]))"#,
        ),
    ])
    .unit(unit::OPERATIONS)
    .palette(Palette::Sync)
}

fn batch_sizes() -> Panel {
    let (name, selector) = ("async_roll_batch_size", r#"job="dice-roller-stageN""#);
    Panel::new(
        Viz::Lines,
        "Async Batch Size Distribution",
        "Read P95 as: 95 % of batches have at most this many rolls. Prometheus interpolates inside a \
         bucket, so that a quantile of whole numbers comes out fractional; the mean is exact.",
    )
    .targets(percentiles(name, selector))
    .target(query("mean", mean(name, selector, "$__rate_interval")))
    .unit(unit::COUNT)
    .palette(Palette::Quantiles)
}

fn rolls_in_progress() -> Panel {
    Panel::new(
        Viz::Gauge,
        "Async Rolls In Progress",
        "Most rolls of batches in flight at once between two scrapes, which the service remembers: a \
         batch lives for less than a second. Full scale is five batches of 20 at once.",
    )
    .target(query(
        "rolls",
        r#"sum(async_rolls_in_progress_max{job="dice-roller-stageN"})"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .min(0.0)
    .max(100.0)
    .thresholds(GREEN, &[(60.0, YELLOW), (80.0, RED)])
}

fn batches_in_flight() -> Panel {
    Panel::new(
        Viz::Stat,
        "Async Batches In Flight (Mean)",
        "Seconds of batch finished per second: by Little's law the mean number of batches in flight. \
         Computed from counters, it misses none between two scrapes, unlike the gauge beside it.",
    )
    .target(query(
        "batches",
        r#"sum(rate(async_roll_duration_seconds_sum{job="dice-roller-stageN"}[$__rate_interval]))"#,
    ))
    .unit(unit::COUNT)
    .decimals(2)
    .thresholds(BLUE, &[])
}

fn totals() -> Panel {
    Panel::new(
        Viz::Stat,
        "Total Async Roll Requests",
        "Batches finished within the time range, and the rolls in them. Their quotient is the mean \
         batch size.",
    )
    .targets([
        instant(
            "requests",
            r#"sum(increase(async_roll_batch_size_count{job="dice-roller-stageN"}[$__range]))"#,
        ),
        instant(
            "rolls",
            r#"sum(increase(async_rolls_total{job="dice-roller-stageN"}[$__range]))"#,
        ),
    ])
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(BLUE, &[])
}
