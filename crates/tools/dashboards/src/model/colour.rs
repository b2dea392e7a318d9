//! Colours that mean the same in every panel: a series keeps its colour whatever else is shown.
//!
//! Green, yellow and red mean good, doubtful and bad. All other series have one of the other
//! colours, which can be distinguished on a dark and on a light background.

use serde_json::{Value, json};

/// Healthy, success, normal.
pub(crate) const GREEN: &str = "green";
/// Warning, degraded. Grafana's plain yellow is not visible on white.
pub(crate) const YELLOW: &str = "dark-yellow";
/// Error, failure, critical.
pub(crate) const RED: &str = "red";
/// An error of another kind than that in plain red.
const DARK_RED: &str = "dark-red";
/// Informational, neutral.
pub(crate) const BLUE: &str = "blue";
const ORANGE: &str = "orange";
const PURPLE: &str = "purple";
const NAVY: &str = "dark-blue";
const TEAL: &str = "#17A2A2";
const PINK: &str = "#D957A5";
/// A measurement from another source, a limit, or the rest.
pub(crate) const GREY: &str = "text";

/// Names of series with dashed lines: measurements from another source, and limits.
const DASHED: &str = "P95 of .*|limit|capacity";

/// Fixed colours for a family of series names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Palette {
    /// `P50`, `P95`, `P99`, and comparison lines.
    Quantiles,
    /// HTTP statuses, by exact code and by class.
    Statuses,
    /// Outcomes of a call, a roll, a query or an operation.
    Outcomes,
    /// The dice.
    Dice,
    /// Our services, by plain name or Prometheus job.
    Services,
    /// Routes of the services.
    Routes,
    /// Single rolls and batches.
    Sync,
    /// Outcomes of usage events and of the log lines around them.
    Routing,
    /// Reasons for losses of telemetry, requests and handlers.
    Losses,
    /// The databases on the server, and their transactions.
    Databases,
    /// States of connections, and their limit.
    Connections,
    /// The services' SQL statements.
    Queries,
    /// User actions, and browsers.
    Usage,
    /// The objectives, by the label `slo`.
    Objectives,
    /// The windows of the alerts of both clocks.
    Windows,
    /// Metrics, logs and traces.
    Signals,
    /// The workers, by the last digit of their ports, 5003 to 5008.
    Workers,
}

impl Palette {
    /// Regular expressions for series names, with their colours.
    fn colours(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Quantiles => &[
                ("P50", BLUE),
                ("P95", ORANGE),
                ("P99|slowest", PURPLE),
                ("mean|P95 of .*", GREY),
            ],
            Self::Statuses => &[
                ("2..", GREEN),
                ("404", YELLOW),
                ("422", ORANGE),
                ("499", PURPLE),
                ("500", RED),
                ("503", DARK_RED),
                ("504", PINK),
                ("4(0[0-35-9]|1.|2[013-9]|3.)|502", GREY),
            ],
            Self::Outcomes => &[
                ("success|completed", GREEN),
                ("not_found|cancelled|conflict|client errors.*", YELLOW),
                ("error|failure|failed|server errors.*", RED),
                ("timeout", DARK_RED),
            ],
            Self::Dice => &[
                ("fair", BLUE),
                ("risky", ORANGE),
                ("extreme", PURPLE),
                ("unknown", GREY),
            ],
            Self::Services => &[
                ("dice-roller.*|ktrdr-backend", BLUE),
                ("frontend.*|ktrdr-workers", PURPLE),
                ("die-service.*", ORANGE),
                ("usage-sink.*", TEAL),
                ("prober.*", PINK),
                ("postgres.*", GREY),
            ],
            Self::Routes => &[
                ("/roll|.*/backtests/start", BLUE),
                ("/roll-async|.*/trainings/start", PURPLE),
                ("/|.*/data/.*", TEAL),
                ("/api/dice", ORANGE),
                ("/sign-in", PINK),
                ("/sign-out", NAVY),
                ("unknown|/form|/api/trace.*|/assets.*|/openapi.*", GREY),
            ],
            Self::Sync => &[("Sync.*", BLUE), ("Async.*", PURPLE)],
            Self::Routing => &[
                ("stored|to the sink|operational_line", GREEN),
                ("duplicate|waiting", YELLOW),
                ("rejected", RED),
                ("to Loki|usage_line", BLUE),
                ("read|capacity", GREY),
            ],
            Self::Objectives => &[
                ("roll-availability", BLUE),
                ("roll-latency", PURPLE),
                ("telemetry", TEAL),
                ("ktrdr-operations", ORANGE),
            ],
            Self::Windows => &[
                ("20s|5m", PINK),
                ("1m|30m", ORANGE),
                ("2m|1h", PURPLE),
                ("4m|2h", TEAL),
                ("12m|6h", BLUE),
                ("48m|24h", NAVY),
                ("2h24m|3d|budget", GREY),
            ],
            Self::Losses => &[
                ("rejected|write_failed|panics", RED),
                ("failed", DARK_RED),
                ("dropped|queue_full|in_flight|in handlers", ORANGE),
                ("connections", PURPLE),
            ],
            Self::Databases => &[
                ("dice|dice commits", BLUE),
                ("usage|usage commits", TEAL),
                ("dice rollbacks", RED),
                ("usage rollbacks", DARK_RED),
            ],
            Self::Connections => &[
                ("die-service open|idle", BLUE),
                ("die-service in use|active", ORANGE),
                ("usage-sink open", TEAL),
                ("usage-sink in use", PINK),
                ("idle in transaction", RED),
                ("limit", GREY),
            ],
            Self::Queries => &[("list", BLUE), ("get", ORANGE), ("insert", TEAL)],
            Self::Usage => &[
                ("roll|guests", BLUE),
                ("roll_batch|signed in", PURPLE),
                ("page_view", TEAL),
                ("sign_in", ORANGE),
                ("sign_out", PINK),
            ],
            Self::Signals => &[("metrics", BLUE), ("logs", ORANGE), ("traces", PURPLE)],
            Self::Workers => &[
                (".*3", BLUE),
                (".*4", ORANGE),
                (".*5", PURPLE),
                (".*6", TEAL),
                (".*7", PINK),
                (".*8", NAVY),
            ],
        }
    }

    /// The field overrides that set the colours.
    pub(crate) fn overrides(self) -> impl Iterator<Item = Value> {
        let colours = self.colours().iter();
        let colours = colours.map(|(names, colour)| by_name(names, &json!([fixed(colour)])));
        let dashed = matches!(self, Self::Quantiles | Self::Connections | Self::Routing)
            .then(|| by_name(DASHED, &dashed()));
        colours.chain(dashed)
    }
}

/// An override for the series whose whole name matches `pattern`.
fn by_name(pattern: &str, properties: &Value) -> Value {
    json!({
        "matcher": { "id": "byRegexp", "options": format!("/^({pattern})$/") },
        "properties": properties,
    })
}

fn dashed() -> Value {
    json!([
        { "id": "custom.lineStyle", "value": { "fill": "dash", "dash": [8, 8] } },
        { "id": "custom.fillOpacity", "value": 0 },
    ])
}

/// The override property that sets one colour.
pub(crate) fn fixed(colour: &str) -> Value {
    json!({ "id": "color", "value": { "mode": "fixed", "fixedColor": colour } })
}

/// The override that hides series without events from legend and tooltip: most of the possible
/// statuses and routes never occur.
pub(crate) fn hide_zeros() -> Value {
    json!({
        "matcher": { "id": "byValue", "options": { "reducer": "max", "op": "lte", "value": 0 } },
        "properties": [{
            "id": "custom.hideFrom",
            "value": { "legend": true, "tooltip": true, "viz": false },
        }],
    })
}
