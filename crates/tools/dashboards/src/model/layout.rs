//! Rows of panels, and the position of each panel on Grafana's grid of 24 columns.

use serde_json::{Value, json};
use stages::Stage;

use super::grid::GridPosition;
use super::panel::Panel;

/// The grid's width.
const COLUMNS: u32 = 24;

/// A titled part of a dashboard.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    kind: Kind,
    /// Collapsed: its panels send no queries until it is opened.
    collapsed: bool,
    /// The lines of panels, from top to bottom.
    pub(crate) lines: Vec<Line>,
}

/// The purpose of a row, which decides its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Whether the system is healthy and if not, where it fails: at the top.
    Answer,
    /// Rate, errors and duration of one service.
    Red,
    /// Open in the stage that introduces it, collapsed in later ones.
    News,
    /// Always collapsed.
    Detail,
}

/// Panels side by side. They fill the whole width, each in proportion to its weight.
pub(crate) struct Line {
    /// Height in grid units of 30 pixels.
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
        Self {
            title,
            kind: Kind::News,
            collapsed: false,
            lines,
        }
    }

    /// Marks a row that shows whether the system is healthy and if not, where it fails.
    pub(crate) fn answer(self) -> Self {
        Self {
            kind: Kind::Answer,
            ..self
        }
    }

    /// Marks a row that shows rate, errors and duration of one service.
    pub(crate) fn red(self) -> Self {
        Self {
            kind: Kind::Red,
            ..self
        }
    }

    /// Marks a row of details for a specific question or trace.
    pub(crate) fn detail(self) -> Self {
        Self {
            kind: Kind::Detail,
            ..self
        }
    }

    /// Collapses the row, whatever its kind: it sends no queries until it is opened.
    pub(crate) fn folded(self) -> Self {
        Self {
            collapsed: true,
            ..self
        }
    }

    /// Returns the part that `stage` has, if any.
    fn only(self, stage: Stage) -> Option<Self> {
        let collapsed = match self.kind {
            Kind::Answer | Kind::Red => false,
            Kind::News => !self.is_new(stage),
            Kind::Detail => true,
        };
        let lines: Vec<_> = self
            .lines
            .into_iter()
            .filter_map(|l| l.only(stage))
            .collect();
        (!lines.is_empty()).then_some(Self {
            lines,
            collapsed,
            ..self
        })
    }

    fn is_new(&self, stage: Stage) -> bool {
        let panels = self.lines.iter().flat_map(|line| &line.panels);
        panels.map(Panel::first_stage).min() == Some(stage)
    }
}

/// The rows that `stage` has, in order: health, services, what is new, the rest.
pub(crate) fn rows_of(stage: Stage, mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| {
        let old = row.kind >= Kind::News && !row.is_new(stage);
        (row.kind.min(Kind::News), old, row.kind)
    });
    let rows = rows.into_iter();
    rows.filter_map(|row| row.only(stage)).collect()
}

/// Renders Grafana's `panels`: every row's header and panels, numbered and positioned.
pub(crate) fn place(rows: &[Row], headers: bool) -> Vec<Value> {
    let mut placed = Placed::default();
    for row in rows {
        if headers {
            placed.row(row);
        } else {
            let panels = placed.panels_of(row);
            placed.panels.extend(panels);
        }
    }
    placed.panels
}

#[derive(Default)]
struct Placed {
    panels: Vec<Value>,
    /// The number of panels and headers so far, including those in collapsed rows.
    count: usize,
    /// The first free row of the grid.
    y: u32,
}

impl Placed {
    /// Adds the header, which contains the panels if it is collapsed; otherwise they follow it.
    fn row(&mut self, row: &Row) {
        let mut header = json!({
            "id": self.next_id(),
            "type": "row",
            "title": row.title,
            "collapsed": row.collapsed,
            "gridPos": GridPosition { x: 0, y: self.y, width: COLUMNS, height: 1 }.to_json(),
            "panels": [],
        });
        self.y += 1;
        let below = self.y;
        let panels = self.panels_of(row);
        if row.collapsed {
            self.y = below;
            header["panels"] = panels.into();
            self.panels.push(header);
        } else {
            self.panels.push(header);
            self.panels.extend(panels);
        }
    }

    fn panels_of(&mut self, row: &Row) -> Vec<Value> {
        row.lines.iter().flat_map(|line| self.line(line)).collect()
    }

    fn line(&mut self, line: &Line) -> Vec<Value> {
        let total: u32 = line.panels.iter().map(Panel::weight).sum();
        let mut before = 0;
        let mut panels = Vec::new();
        for panel in &line.panels {
            let left = COLUMNS * before / total;
            before += panel.weight();
            let right = COLUMNS * before / total;
            let position = GridPosition {
                x: left,
                y: self.y,
                width: right - left,
                height: line.height,
            };
            panels.push(panel.to_json(self.next_id(), position));
        }
        self.y += line.height;
        panels
    }

    fn next_id(&mut self) -> usize {
        self.count += 1;
        self.count
    }
}
