//! Tells a person where to look at what a run left behind. Places are probed first, so that only
//! running ones are listed.

use std::time::Duration;

use base_url::endpoint;
use signals::Reader;
use url::Url;

/// How long a place may take to answer a probe; all places are on this machine or close to it.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Grafana's address.
const GRAFANA: &str = "http://localhost:3000";

/// Tempo's address, unless a flag sets another.
const TEMPO: &str = "http://localhost:3200";

/// What a run knows about where to look.
#[derive(Debug, Default)]
pub(crate) struct LookNext<'a> {
    /// The URL of the page, if the run used one.
    pub(crate) frontend: Option<&'a Url>,
    /// The attribute `traffic.run` of the run's root spans.
    pub(crate) run: Option<&'a str>,
    /// The Tempo that a flag names.
    pub(crate) tempo: Option<&'a Url>,
}

impl LookNext<'_> {
    /// Lines for the end of a report; empty when no place answers.
    pub(crate) async fn text(&self) -> String {
        let [default_grafana, default_tempo] =
            [GRAFANA, TEMPO].map(|url| Url::parse(url).expect("a URL"));
        let tempo = self.tempo.unwrap_or(&default_tempo);
        let (grafana, has_tempo) = tokio::join!(
            answers(&default_grafana, "/api/health"),
            answers(tempo, "/ready"),
        );
        let mut lines = Vec::new();
        lines.extend(self.frontend.map(|page| format!("  the page     {page}")));
        lines.extend(grafana.then(|| format!("  dashboards   {GRAFANA}")));
        if let Some(run) = self.run {
            let query = format!("{{span.traffic.run=\"{run}\"}}");
            let search = endpoint(tempo, "/api/search", &[("q", &query)]);
            lines.extend(grafana.then(|| format!("  traces       {query} in Grafana's Explore")));
            lines.extend(has_tempo.then(|| format!("  traces       {search}")));
        }
        if lines.is_empty() {
            return String::new();
        }
        format!("\nLook next:\n{}\n", lines.join("\n"))
    }
}

/// Whether `base` answers `path` with a 2xx status.
async fn answers(base: &Url, path: &str) -> bool {
    let reader = Reader::new(base.clone(), TIMEOUT);
    reader.get(path, &[]).bytes().await.is_ok()
}
