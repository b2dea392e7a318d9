//! A compiled dashboard, read as Grafana reads it.

use serde_json::Value;
use stages::Stage;

use super::links::{traceql, urls, urls_in_text};

/// One compiled dashboard.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) file: String,
    pub(crate) json: Value,
}

/// A query for numbers, in PromQL or SQL, and its place.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// The panel's title, or the name of an annotation.
    pub(crate) place: String,
    /// The query before interpolation.
    pub(crate) expr: String,
    /// Whether it is for one moment or for a table, rather than over time.
    pub(crate) instant: bool,
    /// The panel's unit, or empty.
    pub(crate) unit: String,
    /// Empty if columns name themselves.
    pub(crate) legend: String,
}

impl Query {
    /// Whether the query is SQL.
    pub(crate) fn is_sql(&self) -> bool {
        self.expr.starts_with("SELECT ")
    }

    /// Whether its values are counts by bucket; the panel's unit then applies to the buckets.
    pub(crate) fn counts_buckets(&self) -> bool {
        self.expr.contains("_bucket") && !self.expr.contains("histogram_quantile")
    }
}

/// All compiled dashboards.
pub(crate) fn boards() -> Vec<Board> {
    let files = dashboards::compile().into_iter();
    files
        .map(|(file, text)| Board {
            json: serde_json::from_str(&text).expect("compiled dashboards are JSON"),
            file,
        })
        .collect()
}

impl Board {
    /// The dashboard's stage, if it has one.
    pub(crate) fn stage(&self) -> Option<Stage> {
        let number = self.file.strip_prefix("stage")?.split('-').next()?;
        Stage::try_from(number.parse::<u8>().ok()?).ok()
    }

    /// All panels, including those in collapsed rows, without row headers.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Value> {
        self.items().filter(|panel| panel["type"] != "row")
    }

    /// The panels that query as soon as the dashboard is opened.
    pub(crate) fn open_panels(&self) -> impl Iterator<Item = &Value> {
        let panels = list(&self.json, "panels").iter();
        panels.filter(|panel| panel["type"] != "row")
    }

    /// The panels and row headers, from top to bottom.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Value> {
        let items = list(&self.json, "panels").iter();
        items.flat_map(|item| std::iter::once(item).chain(list(item, "panels")))
    }

    /// The panel with this title.
    pub(crate) fn panel(&self, title: &str) -> &Value {
        self.panels()
            .find(|panel| panel["title"] == title)
            .unwrap_or_else(|| panic!("{} has no panel {title:?}", self.file))
    }

    /// The number of queries when the dashboard is opened, and with every row expanded; annotations
    /// included.
    pub(crate) fn query_counts(&self) -> (usize, usize) {
        let annotations = list(&self.json["annotations"], "list").len();
        let of = |panel: &Value| list(panel, "targets").len();
        let open: usize = self.open_panels().map(of).sum();
        let all: usize = self.panels().map(of).sum();
        (open + annotations, all + annotations)
    }

    /// Whether the panel with this title, or the annotation, queries when the dashboard is opened.
    pub(crate) fn is_open(&self, place: &str) -> bool {
        let folded = self.panels().any(|panel| panel["title"] == place);
        !folded || self.open_panels().any(|panel| panel["title"] == place)
    }

    /// Every PromQL query, including those of annotations and variables.
    pub(crate) fn promql(&self) -> Vec<Query> {
        let panels = self.targets("prometheus").map(|(panel, target)| Query {
            expr: text(target, "expr").to_owned(),
            instant: target["instant"] == true,
            ..query(panel, target)
        });
        let annotations = list(&self.json["annotations"], "list").iter();
        let annotations = annotations.map(|annotation| Query {
            place: format!("annotation {}", text(annotation, "name")),
            expr: text(annotation, "expr").to_owned(),
            instant: false,
            unit: String::new(),
            legend: text(annotation, "titleFormat").to_owned(),
        });
        panels.chain(annotations).collect()
    }

    /// Every LogQL query, with its panel's title.
    pub(crate) fn logql(&self) -> Vec<(String, String)> {
        self.queries("loki", "expr")
    }

    /// Every TraceQL query, including those in links, with its panel's title.
    pub(crate) fn traceql(&self) -> Vec<(String, String)> {
        let mut queries = self.queries("tempo", "query");
        for panel in self.panels() {
            let urls = urls(panel).into_iter().chain(urls_in_text(panel));
            // A link to one trace has a trace id in place of a query.
            let searches = urls.filter_map(|url| traceql(&url));
            let linked = searches.filter(|query| !query.starts_with("${"));
            queries.extend(linked.map(|query| (text(panel, "title").to_owned(), query)));
        }
        queries
    }

    /// Every SQL query.
    pub(crate) fn sql(&self) -> Vec<Query> {
        self.targets("grafana-postgresql-datasource")
            .map(|(panel, target)| Query {
                expr: text(target, "rawSql").to_owned(),
                instant: target["format"] == "table",
                ..query(panel, target)
            })
            .collect()
    }

    /// Every panel with each of its targets for this type of datasource.
    fn targets<'a>(&'a self, datasource: &'a str) -> impl Iterator<Item = (&'a Value, &'a Value)> {
        let targets = self.panels().flat_map(|panel| {
            let targets = list(panel, "targets").iter();
            targets.map(move |target| (panel, target))
        });
        targets.filter(move |(_, target)| target["datasource"]["type"] == datasource)
    }

    fn queries(&self, datasource: &str, key: &str) -> Vec<(String, String)> {
        self.targets(datasource)
            .filter(|(_, target)| target[key].is_string())
            .map(|(panel, t)| (text(panel, "title").to_owned(), text(t, key).to_owned()))
            .collect()
    }

    /// Every variable's name and initial value: the pattern for "All", or the text.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let variables = list(&self.json["templating"], "list").iter();
        variables
            .map(|variable| {
                let value = match text(variable, "type") {
                    "query" => text(variable, "allValue"),
                    _ => text(&variable["current"], "value"),
                };
                (text(variable, "name").to_owned(), value.to_owned())
            })
            .collect()
    }
}

/// A query whose text is still empty.
fn query(panel: &Value, target: &Value) -> Query {
    Query {
        place: text(panel, "title").to_owned(),
        expr: String::new(),
        instant: false,
        unit: text(&panel["fieldConfig"]["defaults"], "unit").to_owned(),
        legend: text(target, "legendFormat").to_owned(),
    }
}

/// An array, or an empty one if missing.
pub(crate) fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

/// A string, or an empty one if missing.
pub(crate) fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_default()
}
