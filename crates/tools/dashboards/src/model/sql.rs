//! SQL queries, for data that is in a database rather than in a time series.

use serde_json::{Value, json};

/// A query of the table of usage events. Grafana expands `$__timeFilter(column)` to the dashboard's
/// time range, and `$__timeGroupAlias(column,$__interval)` to the step of a graph.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    text: String,
    over_time: bool,
}

/// A query whose rows are shown as a table.
pub(crate) fn table(text: &str) -> Sql {
    Sql {
        text: text.to_owned(),
        over_time: false,
    }
}

/// A query for series over time: the column `time`, in ascending order, and either one column for
/// each series or the columns `metric`, the name of a series, and `value`.
pub(crate) fn over_time(text: &str) -> Sql {
    Sql {
        text: text.to_owned(),
        over_time: true,
    }
}

impl Sql {
    pub(crate) fn is_over_time(&self) -> bool {
        self.over_time
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "rawSql": self.text,
            "rawQuery": true,
            "editorMode": "code",
            "format": if self.over_time { "time_series" } else { "table" },
        })
    }
}
