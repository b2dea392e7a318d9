//! A compiled dashboard, whose queries are sent as Grafana sends them.

use serde_json::Value;

use super::SCRAPE;
use super::observer::Observer;

/// One dashboard, and the Prometheus that it shows.
pub(crate) struct Board<'a> {
    json: Value,
    pub(crate) observer: &'a Observer,
}

impl<'a> Board<'a> {
    pub(crate) fn new(file: &str, observer: &'a Observer) -> Self {
        let mut all = dashboards::compile().into_iter();
        let (_, text) = all.find(|(name, _)| name == file).expect("it is compiled");
        let json = serde_json::from_str(&text).expect("dashboards are JSON");
        Self { json, observer }
    }

    /// What a panel with one query shows now.
    pub(crate) async fn value(&self, panel: &str) -> f64 {
        self.observer.ask(&self.query(panel, None)).await
    }

    /// What the query with that legend shows for a service.
    pub(crate) async fn of_service(&self, panel: &str, legend: &str, service: &str) -> f64 {
        let query = self.query(panel, Some(legend));
        let series = self.observer.series(&query).await;
        let mut own = series
            .iter()
            .filter(|(labels, _)| labels.get("service").is_some_and(|own| own == service));
        let (_, value) = own.next().unwrap_or_else(|| panic!("{query}: {series:?}"));
        *value
    }

    /// The default of a variable that is a number.
    pub(crate) fn variable(&self, name: &str) -> f64 {
        let mut variables = self.variables().filter(|(own, _)| own == name);
        let (_, value) = variables.next().expect("there is one");
        value.parse().expect("a number")
    }

    /// Each variable with its default; all stages are `.+`.
    fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let list = self.json["templating"]["list"].as_array();
        list.into_iter().flatten().map(|variable| {
            let value = match variable["type"].as_str() {
                Some("query") => &variable["allValue"],
                _ => &variable["current"]["value"],
            };
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            (text(&variable["name"]), text(value))
        })
    }

    /// The panel's query with that legend, or its first one, with all variables filled in.
    fn query(&self, title: &str, legend: Option<&str>) -> String {
        let panels = self.json["panels"].as_array().into_iter().flatten();
        let inner = panels.flat_map(|panel| {
            let own = panel["panels"].as_array().into_iter().flatten();
            std::iter::once(panel).chain(own)
        });
        let mut of_title = inner.filter(|panel| panel["title"] == title);
        let panel = of_title
            .next()
            .unwrap_or_else(|| panic!("no panel {title}"));
        let targets = panel["targets"].as_array().into_iter().flatten();
        let mut targets =
            targets.filter(|target| legend.is_none_or(|legend| target["legendFormat"] == legend));
        let target = targets
            .next()
            .unwrap_or_else(|| panic!("no {legend:?} in {title}"));
        let expr = target["expr"].as_str().expect("a query").to_owned();
        let windows = [
            (
                "__rate_interval".to_owned(),
                format!("{}s", (4 * SCRAPE).as_secs()),
            ),
            ("__range".to_owned(), self.observer.range()),
        ];
        let all = self.variables().chain(windows);
        all.fold(expr, |expr, (name, value)| {
            let expr = expr.replace(&format!("${{{name}}}"), &value);
            expr.replace(&format!("${name}"), &value)
        })
    }
}
