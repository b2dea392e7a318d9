//! An unavailable dependency: which services are affected, for how long, and do they recover by
//! themselves?

use stages::Stage;

use crate::model::colour::{GREEN, Palette, RED, YELLOW};
use crate::model::layout::{Line, Row};
use crate::model::link::Link;
use crate::model::panel::Panel;
use crate::model::promql::share;
use crate::model::target::{instant, query};
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    let panels = [
        unavailable().wide(7),
        reachable().wide(8),
        availability().wide(4),
        attempts().wide(5),
    ];
    Row::new(
        "Resilience",
        [Line::new(8, panels.map(|panel| panel.since(Stage::Five)))],
    )
}

fn unavailable() -> Panel {
    Panel::new(
        Viz::Lines,
        "503 Answers by Service",
        "503 answers per second. When the database stops, die-service answers 503 and every \
         service in front of it passes this on; a 500 instead would be a bug. 0 is healthy.",
    )
    .target(query(
        "{{service}}",
        r#"sum by (service) (rate(http_requests_total{job=~".+-stageN",status="503"}[$__rate_interval]))"#,
    ))
    .unit(unit::REQUESTS)
    .palette(Palette::Services)
    .link(Link::traces(
        "Traces with 503",
        r"{ span.http.response.status_code = 503 }",
    ))
}

fn reachable() -> Panel {
    let succeeded = by_service(r#",result!="error""#);
    let all = by_service("");
    Panel::new(
        Viz::StateTimeline,
        "Database as Its Callers See It",
        "Share of each service's queries that the database answered. Stop PostgreSQL and the bar \
         turns red within seconds. Start it and the bar turns green without a restart, because \
         each query requests a new connection.",
    )
    .target(query("{{service}}", format!("{succeeded} / ({all} > 0)")))
    .unit(unit::RATIO)
    .word_between((0.999, None), "answers", GREEN)
    .word_between((0.01, Some(0.999)), "fails in part", YELLOW)
    .word_between((0.0, Some(0.01)), "fails", RED)
    .link(Link::traces(
        "Queries that failed",
        r#"{ span.db.system.name = "postgresql" && status = error }"#,
    ))
}

fn by_service(and: &str) -> String {
    format!(
        r#"sum by (service) (rate(database_queries_total{{job=~".+-stageN"{and}}}[$__rate_interval]))"#
    )
}

fn availability() -> Panel {
    let answered = share(
        "database_queries_total",
        r#"result!="error""#,
        r#"job="die-service-stageN""#,
        "$__range",
    );
    Panel::new(
        Viz::Stat,
        "Availability in Range",
        "Share of die-service's queries within the time range that the database answered, and \
         share of the time that PostgreSQL was up. An outage without traffic reduces only the \
         second one.",
    )
    .targets([
        instant("queries", answered),
        instant(
            "time",
            r#"avg_over_time(pg_up{job="postgres-stageN"}[$__range])"#,
        ),
    ])
    .unit(unit::RATIO)
    .decimals(2)
    .no_value("no queries")
    .thresholds(RED, &[(0.9, YELLOW), (0.999, GREEN)])
}

fn attempts() -> Panel {
    let of =
        |name: &str| format!(r#"sum(rate({name}{{job="die-service-stageN"}}[$__rate_interval]))"#);
    let (queries, requests) = (of("database_queries_total"), of("http_requests_total"));
    Panel::new(
        Viz::Lines,
        "Queries per Request",
        "Database queries for each request to die-service: one, or two if the die is unknown. It \
         must not rise during an outage, because retries would prevent the database from \
         recovering.",
    )
    .target(query(
        "queries per request",
        format!("{queries} / ({requests} > 0)"),
    ))
    .unit(unit::COUNT)
}
