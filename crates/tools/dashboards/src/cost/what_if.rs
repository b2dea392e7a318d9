//! What a saving or an addition would change, computed from the volumes of the time range. The
//! variables at the top of the dashboard set how much.

use super::promql::{MONTH, STAGE, Signal, cents, for_rolls, increase_where, interval};
use crate::model::colour::BLUE;
use crate::model::layout::Line;
use crate::model::panel::Panel;
use crate::model::target::instant;
use crate::model::unit;
use crate::model::viz::Viz;

pub(super) fn line() -> Line {
    Line::new(
        5,
        [
            with_sampling(),
            lost_failures(),
            with_debug_lines(),
            one_more_label(),
        ],
    )
}

fn stat(title: &'static str, description: &'static str, expr: String) -> Panel {
    Panel::new(Viz::Stat, title, description)
        .target(instant("what if", expr))
        .thresholds(BLUE, &[])
        .no_value("no rolls yet")
}

/// US cents for 1,000 rolls if one signal costs `factor` times as much.
fn with(changed: Signal, factor: &str) -> String {
    let cents = cents(|signal| {
        let usd = signal.usd("", "$__range");
        match signal == changed {
            true => format!("{usd} * {factor}"),
            false => usd,
        }
    });
    for_rolls(1000, &cents)
}

fn with_sampling() -> Panel {
    stat(
        "1,000 Rolls, Traces Sampled",
        "US cents for 1,000 rolls if the given percentage of traces is kept. Compare it with the cost at the top.",
        with(Signal::Traces, "$kept / 100"),
    )
    .unit(unit::CENTS)
}

fn lost_failures() -> Panel {
    let errors = |counter: &str| increase_where(counter, r#",result="error""#, "", "$__range");
    let (single, batch) = (errors("dice_rolls_total"), errors("async_rolls_total"));
    stat(
        "Errors without a Trace",
        "Rolls of the time range that ended in an error and would have no trace if sampling at the head kept \
         only the given percentage. Tail sampling keeps all of them.",
        format!("(1 - $kept / 100) * ({single} + {batch})"),
    )
    .unit(unit::COUNT)
    .decimals(0)
}

fn with_debug_lines() -> Panel {
    stat(
        "1,000 Rolls, Debug Lines On",
        "US cents for 1,000 rolls if log lines have the given multiple of bytes, as with debug lines of requests, \
         calls and rolls.",
        with(Signal::Logs, "$debug"),
    )
    .unit(unit::CENTS)
}

fn one_more_label() -> Panel {
    let series = format!("count ({{__name__=~\"${{metric}}(_bucket|_sum|_count)?\",{STAGE}}})");
    stat(
        "One More Label, a Month",
        "USD for 30 days of the additional series if the given metric had one more label with that many \
         values, each of which occurs with all others.",
        format!(
            "($values - 1) * {series} / {} * {MONTH} * {}",
            interval(),
            Signal::Metrics.price()
        ),
    )
    .unit(unit::USD)
}
