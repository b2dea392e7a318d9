//! Batches: how many, how large, and how many rolls run at once.

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
        "Dice rolled per second, in single-roll requests and in batches. A few batches can \
         contain more rolls than many single requests.",
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
        "P95 means that 95 % of batches have at most this many rolls. Prometheus interpolates \
         inside a bucket, so quantiles of whole numbers come out fractional; the mean is exact.",
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
        "Highest number of batch rolls in flight between two scrapes. The service records the \
         peak, because a batch lasts less than a second. Full scale is five concurrent batches \
         of 20.",
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
        "Mean number of batches in flight, by Little's law: seconds of batch duration completed \
         per second. Computed from counters, so it misses no batch between scrapes, unlike the \
         gauge beside it.",
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
        "Batches finished within the time range, and the rolls in them. Rolls divided by batches \
         is the mean batch size.",
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
