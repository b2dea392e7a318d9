//! Rows of panels, and where each panel goes on Grafana's grid of 24 columns.

use serde_json::{Value, json};

use super::panel::Panel;
use crate::stage::Stage;

/// The grid's width.
const COLUMNS: u32 = 24;

/// A titled part of a dashboard.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    /// Its panels, from top to bottom.
    pub(crate) lines: Vec<Line>,
}

/// Panels side by side. They fill the whole width, each as wide as its share of all weights.
pub(crate) struct Line {
    /// In grid units of 30 pixels.
    height: u32,
    panels: Vec<Panel>,
}

impl Line {
    pub(crate) fn new(height: u32, panels: impl IntoIterator<Item = Panel>) -> Self {
        let panels = panels.into_iter().collect();
        Self { height, panels }
    }

    fn only(self, stage: Stage) -> Option<Self> {
        let kept = self.panels.into_iter().filter(|panel| panel.is_in(stage));
        let panels: Vec<_> = kept.map(|panel| panel.only(stage)).collect();
        (!panels.is_empty()).then_some(Self { panels, ..self })
    }
}

impl Row {
    pub(crate) fn new(title: &'static str, lines: impl IntoIterator<Item = Line>) -> Self {
        let lines = lines.into_iter().collect();
        Self { title, lines }
    }

    /// What of it belongs to `stage`, if anything.
    pub(crate) fn only(self, stage: Stage) -> Option<Self> {
        let lines: Vec<_> = self
            .lines
            .into_iter()
            .filter_map(|l| l.only(stage))
            .collect();
        (!lines.is_empty()).then_some(Self { lines, ..self })
    }
}

/// Grafana's `panels`: every row's header and panels, numbered and placed.
pub(crate) fn place(rows: &[Row], headers: bool) -> Vec<Value> {
    let mut placed = Placed::default();
    for row in rows {
        if headers {
            placed.header(row.title);
        }
        for line in &row.lines {
            placed.line(line);
        }
    }
    placed.panels
}

#[derive(Default)]
struct Placed {
    panels: Vec<Value>,
    /// The first free grid row.
    y: u32,
}

impl Placed {
    fn header(&mut self, title: &str) {
        let position = json!({ "x": 0, "y": self.y, "w": COLUMNS, "h": 1 });
        self.panels.push(json!({
            "id": self.next_id(),
            "type": "row",
            "title": title,
            "collapsed": false,
            "gridPos": position,
            "panels": [],
        }));
        self.y += 1;
    }

    fn line(&mut self, line: &Line) {
        let total: u32 = line.panels.iter().map(Panel::weight).sum();
        let mut before = 0;
        for panel in &line.panels {
            let left = COLUMNS * before / total;
            before += panel.weight();
            let right = COLUMNS * before / total;
            let position = json!({ "x": left, "y": self.y, "w": right - left, "h": line.height });
            self.panels.push(panel.to_json(self.next_id(), &position));
        }
        self.y += line.height;
    }

    fn next_id(&self) -> usize {
        self.panels.len() + 1
    }
}
