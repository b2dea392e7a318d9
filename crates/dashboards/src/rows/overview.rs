//! Is it up, is it used, does it work?

use crate::model::colour::{BLUE, GREEN, RED, YELLOW};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::share;
use crate::model::target::instant;
use crate::model::unit;
use crate::model::viz::Viz;
use crate::stage::Stage;

pub(crate) fn row() -> Row {
    Row::new(
        "Overview",
        [Line::new(
            4,
            [
                services_up(
                    "Whether Prometheus could scrape each service a moment ago. It says that the \
                     process answers, not that it does its work well: compare the error ratio.",
                    r#"up{job=~".+-stageN"}"#,
                )
                .until(Stage::Four),
                services_up(
                    "Whether each process answers a scrape, and whether PostgreSQL answers its \
                     exporter. A service can be UP and yet fail every request that needs another.",
                    r#"up{job=~".+-stageN",service!="postgres"} or pg_up{job="postgres-stageN"} or up{job="postgres-stageN"}"#,
                )
                .since(Stage::Five),
                rolls_in_range(),
                error_ratio(),
            ],
        )],
    )
}

fn services_up(description: &'static str, query: &str) -> Panel {
    Panel::new(Viz::Stat, "Services Up", description)
        .target(instant("{{service}}", query))
        .unit(unit::COUNT)
        .word("1", "UP", GREEN)
        .word("0", "DOWN", RED)
        .thresholds(RED, &[(1.0, GREEN)])
}

fn rolls_in_range() -> Panel {
    Panel::new(
        Viz::Stat,
        "Rolls in Range",
        "Dice thrown within the dashboard's time range, failed ones included; each roll of a batch \
         counts. A counter falls to 0 at a restart, so it is read through increase(), which notices.",
    )
    .target(instant(
        "rolls",
        r#"sum(increase(dice_rolls_total{job="dice-roller-stageN"}[$__range])) + sum(increase(async_rolls_total{job="dice-roller-stageN"}[$__range]))"#,
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(BLUE, &[])
}

fn error_ratio() -> Panel {
    let ratio = share(
        "http_requests_total",
        r#"status=~"5..""#,
        r#"job="dice-roller-stageN""#,
        "$__range",
    );
    Panel::new(
        Viz::Stat,
        "Error Ratio",
        "Share of dice-roller's answers within the time range that were 5xx. The risky die fails one \
         roll in ten and the extreme die every other one, so that there is something to find here.",
    )
    .target(instant("5xx", ratio))
    .unit(unit::RATIO)
    .decimals(1)
    .no_value("no requests")
    .thresholds(GREEN, &[(0.15, YELLOW), (0.5, RED)])
    .link(Link::traces(
        "Traces with errors",
        r#"{ resource.service.name = "dice-roller" && status = error }"#,
    ))
}
