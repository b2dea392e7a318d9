//! A compiled dashboard, read as Grafana reads it.

use serde_json::Value;
use stages::Stage;

use super::links::{traceql, urls, urls_in_text};

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) file: String,
    pub(crate) json: Value,
}

/// A query for numbers, in PromQL or SQL, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// The panel's title, or what else asks.
    pub(crate) place: String,
    /// Before interpolation.
    pub(crate) expr: String,
    /// For now alone, or for a table, rather than over time.
    pub(crate) instant: bool,
    /// The panel's unit, or nothing.
    pub(crate) unit: String,
    /// Empty where columns name themselves.
    pub(crate) legend: String,
}

impl Query {
    /// Whether it is in SQL.
    pub(crate) fn is_sql(&self) -> bool {
        self.expr.starts_with("SELECT ")
    }

    /// Whether its values are counts of events by bucket; the panel's unit is then the buckets'.
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
    /// The stage it is for, if for one.
    pub(crate) fn stage(&self) -> Option<Stage> {
        let number = self.file.strip_prefix("stage")?.split('-').next()?;
        Stage::try_from(number.parse::<u8>().ok()?).ok()
    }

    /// Its panels without the headers of rows, those in folded rows included.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Value> {
        self.items().filter(|panel| panel["type"] != "row")
    }

    /// Its panels that query as soon as it is opened.
    pub(crate) fn open_panels(&self) -> impl Iterator<Item = &Value> {
        let panels = list(&self.json, "panels").iter();
        panels.filter(|panel| panel["type"] != "row")
    }

    /// Its panels and the headers of rows, from top to bottom.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Value> {
        let items = list(&self.json, "panels").iter();
        items.flat_map(|item| std::iter::once(item).chain(list(item, "panels")))
    }

    /// The panel of that title.
    pub(crate) fn panel(&self, title: &str) -> &Value {
        self.panels()
            .find(|panel| panel["title"] == title)
            .unwrap_or_else(|| panic!("{} has no panel {title:?}", self.file))
    }

    /// How many queries its panels and annotations send when it is opened, and with every row unfolded.
    pub(crate) fn query_counts(&self) -> (usize, usize) {
        let annotations = list(&self.json["annotations"], "list").len();
        let of = |panel: &Value| list(panel, "targets").len();
        let open: usize = self.open_panels().map(of).sum();
        let all: usize = self.panels().map(of).sum();
        (open + annotations, all + annotations)
    }

    /// Whether the panel of that title, or the annotation, queries when the dashboard is opened.
    pub(crate) fn is_open(&self, place: &str) -> bool {
        let folded = self.panels().any(|panel| panel["title"] == place);
        !folded || self.open_panels().any(|panel| panel["title"] == place)
    }

    /// Every PromQL query, those of annotations and variables included.
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

    /// Every LogQL query with its panel's title.
    pub(crate) fn logql(&self) -> Vec<(String, String)> {
        self.queries("loki", "expr")
    }

    /// Every TraceQL query, those in links included, with its panel's title.
    pub(crate) fn traceql(&self) -> Vec<(String, String)> {
        let mut queries = self.queries("tempo", "query");
        for panel in self.panels() {
            let urls = urls(panel).into_iter().chain(urls_in_text(panel));
            // A link to one trace has its id where others have a query.
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

    /// Every panel with each of its targets that are for that type of datasource.
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

    /// Every variable's name with the value it has at first: the pattern for "All", or its text.
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

/// A query that is still without text.
fn query(panel: &Value, target: &Value) -> Query {
    Query {
        place: text(panel, "title").to_owned(),
        expr: String::new(),
        instant: false,
        unit: text(&panel["fieldConfig"]["defaults"], "unit").to_owned(),
        legend: text(target, "legendFormat").to_owned(),
    }
}

/// An array, empty when there is none.
pub(crate) fn list<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text, empty when there is none.
pub(crate) fn text<'a>(json: &'a Value, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_default()
}
