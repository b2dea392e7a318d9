//! Colours that mean the same in every panel: a series keeps its colour whatever else is shown.

use serde_json::{Value, json};

/// Healthy, success, normal.
pub(crate) const GREEN: &str = "green";
/// Warning, degraded.
pub(crate) const YELLOW: &str = "yellow";
/// Error, failure, critical.
pub(crate) const RED: &str = "red";
/// Informational, neutral.
pub(crate) const BLUE: &str = "blue";

/// The quantiles that Tempo measured, beside those of our own histograms.
const SPANS: &str = "P95 of .*spans";

/// Fixed colours for a family of series names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Palette {
    /// `P50`, `P95`, `P99`, and the means beside them.
    Quantiles,
    /// HTTP statuses, by exact code and by class.
    Statuses,
    /// What can come of a call, a roll or an operation.
    Outcomes,
    /// The dice.
    Dice,
    /// Our services, under their plain names or as Prometheus jobs.
    Services,
    /// Single rolls beside batches.
    Sync,
    /// What becomes of a usage event, and of the lines around it.
    Routing,
    /// The databases on the server.
    Databases,
}

impl Palette {
    /// Regular expressions for series names, with their colours.
    fn colours(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Quantiles => &[
                ("P50", BLUE),
                ("P95", "orange"),
                ("P99", "purple"),
                ("mean", "text"),
                (SPANS, "text"),
            ],
            Self::Statuses => &[
                ("2..", GREEN),
                ("404", YELLOW),
                ("422", "orange"),
                ("499", "purple"),
                ("500", RED),
                ("503", "dark-red"),
                ("504", "light-red"),
            ],
            Self::Outcomes => &[
                ("success|completed", GREEN),
                ("not_found|cancelled|client errors.*", YELLOW),
                ("error|failure|failed|server errors.*", RED),
                ("timeout", "orange"),
            ],
            Self::Dice => &[
                ("fair", BLUE),
                ("risky", "orange"),
                ("extreme", "purple"),
                ("unknown", "text"),
            ],
            Self::Services => &[
                ("dice-roller.*", BLUE),
                ("frontend.*", "purple"),
                ("die-service.*", "orange"),
                ("usage-sink.*", GREEN),
            ],
            Self::Sync => &[("Sync.*", BLUE), ("Async.*", "purple")],
            Self::Routing => &[
                ("stored|to the sink|operational_line", GREEN),
                ("duplicate", YELLOW),
                ("rejected", RED),
                ("to Loki|usage_line", BLUE),
                ("read|capacity", "text"),
            ],
            Self::Databases => &[("dice.*", "orange"), ("usage.*", GREEN)],
        }
    }

    /// The field overrides that set them.
    pub(crate) fn overrides(self) -> impl Iterator<Item = Value> {
        self.colours().iter().map(|(names, colour)| {
            let mut properties = vec![fixed(colour)];
            if *names == SPANS {
                properties.extend(dashed());
            }
            json!({
                "matcher": { "id": "byRegexp", "options": format!("/^({names})$/") },
                "properties": properties,
            })
        })
    }
}

/// The override properties of a line that is measured elsewhere than its neighbours.
fn dashed() -> [Value; 2] {
    [
        json!({ "id": "custom.lineStyle", "value": { "fill": "dash", "dash": [8, 8] } }),
        json!({ "id": "custom.fillOpacity", "value": 0 }),
    ]
}

/// The override property that sets one colour.
pub(crate) fn fixed(colour: &str) -> Value {
    json!({ "id": "color", "value": { "mode": "fixed", "fixedColor": colour } })
}
