//! One scrape with lookups for tests: the value of a series, or the sum over several.

use signals::exposition::{Exposition, Sample};

/// The samples of a scrape.
#[derive(Debug, Clone)]
pub struct Metrics(Exposition);

impl Metrics {
    /// GETs and parses `url`.
    ///
    /// # Panics
    /// When the answer is not in Prometheus' text format 0.0.4 or has another content type.
    pub async fn scrape(url: &str) -> Self {
        let scraped = Self::try_scrape(url).await;
        scraped.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// As [`scrape`](Self::scrape), for a server that may be down.
    ///
    /// # Errors
    /// When there is no complete answer.
    ///
    /// # Panics
    /// When the answer is not in Prometheus' text format 0.0.4 or has another content type.
    pub async fn try_scrape(url: &str) -> Result<Self, reqwest::Error> {
        let answer = crate::fetch(url).await?;
        let content_type = answer.headers().get("content-type").cloned();
        let text = answer.text().await?;
        let is_metrics = content_type
            .as_ref()
            .is_some_and(|value| value.as_bytes().starts_with(b"text/plain; version=0.0.4"));
        assert!(is_metrics, "{url}: {content_type:?}");
        let samples = text.parse();
        Ok(Self(
            samples.unwrap_or_else(|error| panic!("{url}: {error}")),
        ))
    }

    /// All samples, in the order of the text.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        self.0.samples()
    }

    /// The value of the only series of `name` that has all of `labels`, as `label="value"`.
    ///
    /// # Panics
    /// When there is none or more than one.
    #[must_use]
    pub fn value(&self, name: &str, labels: &[&str]) -> f64 {
        let found: Vec<_> = self.matching(name, labels).collect();
        let [sample] = found[..] else {
            panic!("{name}{labels:?} is {found:?}");
        };
        sample.value
    }

    /// The sum over all series of `name` that have all of `labels`; 0 if there are none.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    /// Whether there is a series of `name` that has all of `labels`.
    #[must_use]
    pub fn has(&self, name: &str, labels: &[&str]) -> bool {
        self.matching(name, labels).next().is_some()
    }

    /// All series, as `name{label="value",...}`, without their values.
    pub fn series(&self) -> impl Iterator<Item = String> {
        self.samples().iter().map(|sample| {
            let pairs = sample.labels.iter();
            let labels: Vec<_> = pairs
                .map(|(key, value)| format!("{key}={value:?}"))
                .collect();
            format!("{}{{{}}}", sample.name, labels.join(","))
        })
    }

    fn matching<'a>(&'a self, name: &str, labels: &[&str]) -> impl Iterator<Item = &'a Sample> {
        let pairs: Vec<(&str, &str)> = labels.iter().map(|label| pair(label)).collect();
        let samples = self.samples().iter();
        samples.filter(move |sample| sample.name == name && sample.has(&pairs))
    }
}

/// Name and value of `label="value"`, without escape sequences.
fn pair(label: &str) -> (&str, &str) {
    let pair = label.split_once("=\"");
    let pair = pair.and_then(|(name, value)| Some((name, value.strip_suffix('"')?)));
    pair.unwrap_or_else(|| panic!("{label} is not label=\"value\""))
}
