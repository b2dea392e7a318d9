//! One scrape, read the way a test asks: the value of a series, or the sum over several.

/// The samples of a scrape, as `name{label="value",...}` and value.
#[derive(Debug, Clone)]
pub struct Metrics(Vec<(String, f64)>);

impl Metrics {
    /// GETs and parses `url`.
    ///
    /// # Panics
    /// When it is not in Prometheus' text format 0.0.4 or says so wrongly.
    pub async fn scrape(url: &str) -> Self {
        let answer = reqwest::get(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        let content_type = answer.headers()["content-type"]
            .to_str()
            .expect("ASCII")
            .to_owned();
        assert!(
            content_type.starts_with("text/plain; version=0.0.4"),
            "{content_type}"
        );
        Self::parse(
            &answer
                .text()
                .await
                .unwrap_or_else(|error| panic!("{url}: {error}")),
        )
    }

    /// Parses Prometheus' text format.
    ///
    /// # Panics
    /// At a line that is not of it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let samples = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        Self(
            samples
                .map(|line| {
                    let (series, value) = line.rsplit_once(' ').expect("a series and a value");
                    (series.to_owned(), value.parse().expect("a number"))
                })
                .collect(),
        )
    }

    /// The value of the one series of `name` that has all of `labels`, as `label="value"`.
    ///
    /// # Panics
    /// When there is none or several.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[&str]) -> f64 {
        let found: Vec<_> = self.matching(name, labels).collect();
        let [(_, value)] = found[..] else {
            panic!("{name}{labels:?} is {found:?}");
        };
        *value
    }

    /// The sum over all series of `name` that have all of `labels`; 0 when there is none.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        self.matching(name, labels).map(|(_, value)| value).sum()
    }

    /// Whether there is a series of `name` that has all of `labels`.
    #[must_use]
    pub fn has(&self, name: &str, labels: &[&str]) -> bool {
        self.matching(name, labels).next().is_some()
    }

    /// All series, with their labels, without their values.
    pub fn series(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(series, _)| series.as_str())
    }

    fn matching<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [&str],
    ) -> impl Iterator<Item = &'a (String, f64)> {
        self.0.iter().filter(move |(series, _)| {
            let (own, rest) = series.split_once('{').unwrap_or((series, ""));
            own == name && labels.iter().all(|label| has_label(rest, label))
        })
    }
}

/// Whether `label`, as `name="value"`, is one of `labels`, as `a="1",b="2"}`.
fn has_label(labels: &str, label: &str) -> bool {
    labels
        .match_indices(label)
        .any(|(at, _)| at == 0 || labels[..at].ends_with(','))
}
