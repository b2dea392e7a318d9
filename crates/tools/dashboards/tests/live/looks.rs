//! The appearance of the panels with their real values.

use std::collections::BTreeMap;

use crate::prometheus::Series;
use crate::support::board::{Board, Query, text};
use crate::support::picture::{self, Picture};

/// The series of a dashboard's panels, by title.
#[derive(Default)]
pub(crate) struct Looks(BTreeMap<String, Vec<(String, Vec<f64>)>>);

impl Looks {
    pub(crate) fn add(&mut self, query: &Query, series: &[Series]) {
        // Workers are distinguished by their ports in the stack, which differ here.
        if query.legend.contains("{{instance}}") {
            return;
        }
        let own = self.0.entry(query.place.clone()).or_default();
        own.extend(series.iter().map(|one| (name(query, one), finite(one))));
    }

    /// Texts that do not fit, and series that cannot be distinguished.
    pub(crate) fn check(&self, board: &Board) -> Vec<String> {
        let pictures = board.panels().filter_map(|panel| {
            let title = text(panel, "title");
            Some(Picture {
                place: format!("{}: {title}", board.file),
                panel: panel.clone(),
                series: self.0.get(title)?.clone(),
            })
        });
        picture::check(&pictures.collect::<Vec<_>>()).unwrap_or_default()
    }
}

fn finite(series: &Series) -> Vec<f64> {
    let values = series.values.iter().copied();
    values.filter(|value| value.is_finite()).collect()
}

/// The legend with the values of the series' labels.
fn name(query: &Query, series: &Series) -> String {
    let own = series.labels.get("name").filter(|_| query.is_sql());
    own.cloned().unwrap_or_else(|| {
        series
            .labels
            .iter()
            .fold(query.legend.clone(), |name, (label, value)| {
                name.replace(&format!("{{{{{label}}}}}"), value)
            })
    })
}
