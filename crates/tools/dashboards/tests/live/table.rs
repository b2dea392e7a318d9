//! The values of every panel.

use std::fmt;

use crate::prometheus::Series;
use crate::support::board::Query;

/// One line for each query.
pub(crate) struct Table(Vec<[String; 5]>);

impl Table {
    pub(crate) fn new() -> Self {
        let head = [
            "dashboard",
            "panel",
            "legend",
            "series",
            "largest last value",
        ];
        Self(vec![head.map(str::to_owned)])
    }

    pub(crate) fn row(&mut self, file: &str, query: &Query, series: &[Series]) {
        let last: Vec<_> = series.iter().map(Series::last).collect();
        let unit = if query.counts_buckets() {
            "events"
        } else {
            &query.unit
        };
        let largest = last.iter().copied().reduce(f64::max);
        self.0.push([
            file.trim_end_matches(".json").to_owned(),
            query.place.clone(),
            query.legend.clone(),
            series.len().to_string(),
            match largest {
                Some(value) => format!("{value:.3} {unit}"),
                None => "-".to_owned(),
            },
        ]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for [file, panel, legend, series, last] in &self.0 {
            writeln!(f, "{file:18} {panel:34} {legend:32} {series:>6}  {last}")?;
        }
        Ok(())
    }
}
