//! The grid that panels are placed on.

use serde_json::{Value, json};

/// Where a panel is, in units of Grafana's grid of 24 columns, counted from the top left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GridPosition {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl GridPosition {
    /// Grafana's `gridPos`.
    pub(crate) fn to_json(self) -> Value {
        json!({ "x": self.x, "y": self.y, "w": self.width, "h": self.height })
    }
}
