//! Rows of panels, and where each panel goes on Grafana's grid of 24 columns.

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
    /// Folded: its panels query nothing until it is opened.
    collapsed: bool,
    /// Its panels, from top to bottom.
    pub(crate) lines: Vec<Line>,
}

/// What a row is for, which decides its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Whether all is well and if not, where: at the top.
    Answer,
    /// Rate, errors and duration of one service.
    Red,
    /// Open in the stage that brings it, folded in later ones.
    News,
    /// Always folded.
    Detail,
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
        Self {
            title,
            kind: Kind::News,
            collapsed: false,
            lines,
        }
    }

    /// Says whether all is well and if not, where.
    pub(crate) fn answer(self) -> Self {
        Self {
            kind: Kind::Answer,
            ..self
        }
    }

    /// Shows rate, errors and duration of one service.
    pub(crate) fn red(self) -> Self {
        Self {
            kind: Kind::Red,
            ..self
        }
    }

    /// Is of use once there is a question, or a trace was picked.
    pub(crate) fn detail(self) -> Self {
        Self {
            kind: Kind::Detail,
            ..self
        }
    }

    /// What of it belongs to `stage`, if anything.
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

/// The rows that `stage` has, in its order: the answer, the services, what is new, the rest.
pub(crate) fn rows_of(stage: Stage, mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| {
        let old = row.kind >= Kind::News && !row.is_new(stage);
        (row.kind.min(Kind::News), old, row.kind)
    });
    let rows = rows.into_iter();
    rows.filter_map(|row| row.only(stage)).collect()
}

/// Grafana's `panels`: every row's header and panels, numbered and placed.
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
    /// Panels and headers so far, those inside of folded rows included.
    count: usize,
    /// The first free grid row.
    y: u32,
}

impl Placed {
    /// The header, which holds the panels if it is folded; otherwise they follow it.
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
