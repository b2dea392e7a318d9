//! Expands variables in queries as Grafana does.

/// Durations for Grafana's own variables, and values for the dashboard's variables.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// `$__rate_interval`, such as `20s`.
    pub(crate) rate_interval: String,
    /// `$__range`.
    pub(crate) range: String,
    pub(crate) variables: Vec<(String, String)>,
}

impl Values {
    /// The values for the default time range of an hour.
    pub(crate) fn an_hour(variables: Vec<(String, String)>) -> Self {
        Self {
            rate_interval: "1m".to_owned(),
            range: "1h".to_owned(),
            variables,
        }
    }

    /// Expands the variables in `query`.
    pub(crate) fn fill(&self, query: &str) -> String {
        let own = [
            ("__rate_interval", self.rate_interval.as_str()),
            ("__range", &self.range),
            ("__interval", &self.rate_interval),
            ("__value.raw", "0.25"),
            ("__from", "1700000000000"),
            ("__to", "1700003600000"),
            (
                "__data.fields.traceIdHidden",
                "0af7651916cd43dd8448eb211c80319c",
            ),
        ];
        let theirs = self
            .variables
            .iter()
            .map(|(name, value)| (&**name, &**value));
        own.into_iter()
            .chain(theirs)
            .fold(query.to_owned(), |query, (name, value)| {
                query
                    .replace(&format!("${{{name}}}"), value)
                    .replace(&format!("${name}"), value)
            })
    }
}

/// The names of the variables in `text`, including Grafana's own; `$1` is not a variable.
pub(crate) fn variables_in(text: &str) -> Vec<String> {
    text.split('$')
        .skip(1)
        .map(|rest| {
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
        .collect()
}
