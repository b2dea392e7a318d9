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
                ("P95 of spans", "dark-orange"),
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
            ],
            Self::Sync => &[("Sync.*", BLUE), ("Async.*", "purple")],
        }
    }

    /// The field overrides that set them.
    pub(crate) fn overrides(self) -> impl Iterator<Item = Value> {
        self.colours().iter().map(|(names, colour)| {
            json!({
                "matcher": { "id": "byRegexp", "options": format!("/^({names})$/") },
                "properties": [fixed(colour)],
            })
        })
    }
}

/// The override property that sets one colour.
pub(crate) fn fixed(colour: &str) -> Value {
    json!({ "id": "color", "value": { "mode": "fixed", "fixedColor": colour } })
}
