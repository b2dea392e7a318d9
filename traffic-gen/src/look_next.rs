//! Where a person finds what a run left behind. A place is asked before it is named: what does not run
//! is no place to look.

use std::time::Duration;

use signals::{Reader, endpoint};
use url::Url;

/// How long a place may take to answer; it is on this machine or next to it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where Grafana is when it runs.
const GRAFANA: &str = "http://localhost:3000";

/// Where Tempo is when it runs, and no flag says another place.
const TEMPO: &str = "http://localhost:3200";

/// What a run knows of where to look.
#[derive(Debug, Default)]
pub(crate) struct LookNext<'a> {
    /// Where the page is, if the run had one.
    pub(crate) frontend: Option<&'a Url>,
    /// The attribute `traffic.run` of its root spans.
    pub(crate) run: Option<&'a str>,
    /// The Tempo that it was told of.
    pub(crate) tempo: Option<&'a Url>,
}

impl LookNext<'_> {
    /// Lines for the end of a report; none when there is no place to look.
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

/// Whether `base` answers `path` with a success.
async fn answers(base: &Url, path: &str) -> bool {
    let reader = Reader::new(base.clone(), PATIENCE);
    reader.get(path, &[]).bytes().await.is_ok()
}
