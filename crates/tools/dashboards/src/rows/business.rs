//! Business metrics: dice, values, successes.

use crate::model::colour::{BLUE, GREEN, Palette, RED, YELLOW};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::target::instant;
use crate::model::unit;
use crate::model::viz::Viz;
use serde_json::json;

pub(crate) fn row() -> Row {
    Row::new(
        "Business Metrics",
        [Line::new(8, [roll_values(), die_types(), success_rate()])],
    )
}

fn roll_values() -> Panel {
    Panel::new(
        Viz::BarGauge,
        "Roll Value Distribution",
        "How often each value was rolled within the time range, for all dice together. A fair \
         die alone would be flat from 1 to 6; the extreme die adds to 0 and 6, the risky one to \
         7.",
    )
    .target(
        instant(
            "{{le}}",
            r#"sum by (le) (increase(dice_roll_value_bucket{job="dice-roller-stageN",le!="+Inf"}[$__range]))"#,
        )
        .heatmap(),
    )
    // Prometheus 3 writes the bound 6 as 6.0.
    .transform(
        "renameByRegex",
        &json!({ "regex": "^(\\d+)\\.0$", "renamePattern": "$1" }),
    )
    .unit(unit::COUNT)
    .decimals(0)
    .min(0.0)
    .thresholds(BLUE, &[])
}

fn die_types() -> Panel {
    Panel::new(
        Viz::Pie,
        "Die Type Usage",
        "Dice rolled within the time range, in single rolls and in batches. The mix explains the \
         error ratio: more extreme dice cause more errors.",
    )
    .target(instant(
        "{{die_type}}",
        r#"sum by (die_type) (increase(dice_rolls_total{job="dice-roller-stageN"}[$__range])) + sum by (die_type) (increase(async_rolls_total{job="dice-roller-stageN"}[$__range]))"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .palette(Palette::Dice)
}

fn success_rate() -> Panel {
    Panel::new(
        Viz::BarGauge,
        "Success Rate",
        "Share of single rolls within the time range that succeeded. By design it is 100 % for \
         the fair die, 90 % for the risky and 50 % for the extreme one; any other value is a \
         sign of a problem.",
    )
    .target(instant(
        "{{die_type}}",
        r#"100 * sum by (die_type) (rate(dice_rolls_total{job="dice-roller-stageN",result="success"}[$__range])) / (sum by (die_type) (rate(dice_rolls_total{job="dice-roller-stageN"}[$__range])) > 0)"#,
    ))
    .unit(unit::PERCENT)
    .decimals(1)
    .min(0.0)
    .max(100.0)
    .no_value("no rolls")
    .thresholds(RED, &[(30.0, YELLOW), (70.0, GREEN)])
    .link(Link::traces(
        "Traces of failed rolls",
        r#"{ span.die.error = true && span.die.type = "${__field.labels.die_type}" }"#,
    ))
}
