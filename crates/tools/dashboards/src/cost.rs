//! The dashboard of what observability costs, as volumes and as money, and what savings would change.
//!
//! Its figures come from Prometheus' own scrapes and from the services' counters, which exist in every
//! run. `traffic-gen reconcile` counts the same independently; a test in `crates/tools/demo` compares
//! them. What is kept after Alloy comes from Tempo's usage tracker and from Loki.

mod by_service;
mod kept;
mod labels;
mod overview;
mod promql;
mod sources;
mod what_if;

use crate::model::dashboard::Dashboard;
use crate::model::layout::Row;
use crate::model::variable::Variable;

const UID: &str = "observability-cost";

/// The prices are those of two hosted services in December 2026; docs/cost.md has their sources. Stores
/// of one's own have other prices, and the same volumes.
const VARIABLES: [Variable; 8] = [
    Variable::Labels {
        name: "stage",
        label: "Stage",
        description: "The stages whose services are counted.",
        query: "label_values(dice_rolls_total, stage)",
        all: ".+",
    },
    price(
        "usd_samples",
        "USD per 10 M samples",
        "USD for 10 million samples. Default: the first tier of Amazon Managed Service for Prometheus, \
         as of 2026-12.",
        "0.90",
    ),
    price(
        "usd_logs",
        "USD per GB of logs",
        "USD for a GB of log lines. Default: Grafana Cloud Logs, 0.05 processed + 0.40 written + 0.10 kept \
         for 30 days, as of 2026-12.",
        "0.55",
    ),
    price(
        "usd_spans",
        "USD per GB of spans",
        "USD for a GB of spans. Default: Grafana Cloud Traces, 0.05 processed + 0.40 written + 0.10 kept \
         for 30 days, as of 2026-12.",
        "0.55",
    ),
    price(
        "kept",
        "Sampling %",
        "What if: the percentage of traces that are kept.",
        "10",
    ),
    price(
        "debug",
        "Debug factor",
        "What if: bytes of log lines with debug lines, as a multiple of those without. Default: measured \
         with the filter info,telemetry=debug,dice_roller=debug, see docs/cost.md.",
        DEBUG_FACTOR,
    ),
    price(
        "metric",
        "Metric",
        "What if: the metric that gets one more label.",
        "http_request_duration_seconds",
    ),
    price(
        "values",
        "Label values",
        "What if: the number of values of that label.",
        "10",
    ),
];

/// Measured on 2026-12-01 in the run without Docker: docs/cost.md has the command.
const DEBUG_FACTOR: &str = "2.5";

/// A number or a name that can be replaced by any other.
const fn price(
    name: &'static str,
    label: &'static str,
    description: &'static str,
    default: &'static str,
) -> Variable {
    Variable::OneOf {
        name,
        label,
        description,
        default: (default, default),
    }
}

/// The dashboard.
pub(crate) fn dashboard() -> Dashboard {
    Dashboard {
        file: format!("{UID}.json"),
        uid: UID.to_owned(),
        title: "Cost of Observability".to_owned(),
        description:
            "What metrics, logs and traces cost for each service and each roll, which labels \
                      make it so, and what savings would change."
                .to_owned(),
        tags: vec!["cost".to_owned(), "observability-demo".to_owned()],
        refresh: "30s",
        variables: VARIABLES.into(),
        jobs: r#"stage!="""#.to_owned(),
        rows: vec![
            Row::new("Cost", overview::lines()),
            Row::new("Services", by_service::lines()),
            Row::new("What If", [what_if::line()]),
            Row::new("What the Stores Keep", [kept::line(), sources::line()]),
            Row::new("Ten Dearest Metrics and Their Labels", [labels::line()]).folded(),
        ],
        headers: true,
        stage: None,
    }
}
