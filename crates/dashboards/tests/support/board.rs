//! A compiled dashboard, read as Grafana reads it.

use serde_json::Value;

use super::links::{traceql, urls, urls_in_text};

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    pub(crate) file: String,
    pub(crate) json: Value,
}

/// A PromQL query and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct PromQl {
    /// The panel's title, or what else asks.
    pub(crate) place: String,
    /// Before interpolation.
    pub(crate) expr: String,
    pub(crate) instant: bool,
    /// The panel's unit, or nothing.
    pub(crate) unit: String,
    pub(crate) legend: String,
}

impl PromQl {
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
    /// Its panels without the headers of rows.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Value> {
        let panels = list(&self.json, "panels").iter();
        panels.filter(|panel| panel["type"] != "row")
    }

    /// The panel of that title.
    pub(crate) fn panel(&self, title: &str) -> &Value {
        self.panels()
            .find(|panel| panel["title"] == title)
            .unwrap_or_else(|| panic!("{} has no panel {title:?}", self.file))
    }

    /// Every PromQL query, those of annotations and variables included.
    pub(crate) fn promql(&self) -> Vec<PromQl> {
        let panels = self.panels().flat_map(|panel| {
            let targets = list(panel, "targets").iter();
            let prometheus = targets.filter(|t| t["datasource"]["type"] == "prometheus");
            prometheus.map(move |target| PromQl {
                place: text(panel, "title").to_owned(),
                expr: text(target, "expr").to_owned(),
                instant: target["instant"] == true,
                unit: text(&panel["fieldConfig"]["defaults"], "unit").to_owned(),
                legend: text(target, "legendFormat").to_owned(),
            })
        });
        let annotations = list(&self.json["annotations"], "list").iter();
        let annotations = annotations.map(|annotation| PromQl {
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

    fn queries(&self, datasource: &str, key: &str) -> Vec<(String, String)> {
        let targets = self.panels().flat_map(|panel| {
            let targets = list(panel, "targets").iter();
            targets.map(move |target| (panel, target))
        });
        targets
            .filter(|(_, t)| t["datasource"]["type"] == datasource && t[key].is_string())
            .map(|(panel, t)| (text(panel, "title").to_owned(), text(t, key).to_owned()))
            .collect()
    }

    /// Every variable's name with the value it has at first: the pattern for "All", or its text.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let variables = list(&self.json["templating"], "list").iter();
        variables
            .map(|variable| {
                let key = match text(variable, "type") {
                    "query" => "allValue",
                    _ => "query",
                };
                (
                    text(variable, "name").to_owned(),
                    text(variable, key).to_owned(),
                )
            })
            .collect()
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
