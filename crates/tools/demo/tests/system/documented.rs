//! docs/signals.md lists exactly the metrics that exist, with their types and labels.

use std::collections::{BTreeMap, BTreeSet};

use signals::exposition::Exposition;
use testkit::Process;

use crate::support::{collector, service};

/// Type and labels, by name of the metric.
type Families = BTreeMap<String, (String, BTreeSet<String>)>;

/// The rows of the tables of metrics.
fn documented() -> Families {
    let text = include_str!("../../../../../docs/signals.md");
    let (_, metrics) = text.split_once("## Metrics").expect("a chapter");
    let (metrics, _) = metrics.split_once("## Logs").expect("the next one");
    let rows = metrics.lines().filter(|line| line.starts_with("| `"));
    let family = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let words = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        let names: Vec<String> = words(cells[1]);
        let labels: Vec<String> = words(cells[3]);
        (
            names[0].clone(),
            (cells[2].to_owned(), labels.into_iter().collect()),
        )
    };
    rows.map(family).collect()
}

/// The metrics that the services expose.
async fn exposed(processes: &[Process]) -> Families {
    let mut families = Families::new();
    for process in processes {
        let answer = testkit::fetch(process.url("/metrics"))
            .await
            .expect("an answer");
        let text = answer.text().await.expect("text");
        let metrics: Exposition = text.parse().expect("samples");
        for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let (name, kind) = line.split_once(' ').expect("a name and a type");
            let sample = if kind == "histogram" {
                format!("{name}_count")
            } else {
                name.to_owned()
            };
            let samples = metrics.select(&sample, &[]);
            let labels = samples.flat_map(|sample| sample.labels.keys().cloned());
            let family = families.entry(name.to_owned()).or_default();
            kind.clone_into(&mut family.0);
            family.1.extend(labels);
        }
    }
    families
}

#[tokio::test]
async fn every_metric_is_documented_with_its_type_and_labels_and_there_is_no_other() {
    let (_store, otlp) = collector().await;
    // The series exist before the database does.
    let database = "--database-url=postgres://unused@127.0.0.1:9/nothing";
    let listen = ["--listen=127.0.0.1:0", "--otel-disabled"];
    let ktrdr = async |role: &str| {
        let arguments = [&["service", "ktrdr", role], &listen[..]].concat();
        Process::start(crate::support::PROGRAM, &arguments).await
    };
    let processes = [
        service("dice-roller", &otlp, &[]).await,
        service("frontend", &otlp, &[]).await,
        service("die-service", &otlp, &[database]).await,
        service("usage-sink", &otlp, &[database]).await,
        service("prober", &otlp, &["--probe-url=http://127.0.0.1:9"]).await,
        ktrdr("backend").await,
        ktrdr("worker").await,
    ];
    let (documented, exposed) = (documented(), exposed(&processes).await);
    let differs = exposed
        .iter()
        .filter(|(name, family)| documented.get(*name) != Some(family));
    let differs: Vec<_> = differs.collect();
    assert!(
        differs.is_empty(),
        "docs/signals.md should have {differs:#?}"
    );
    let gone: Vec<_> = documented
        .keys()
        .filter(|name| !exposed.contains_key(*name))
        .collect();
    assert!(
        gone.is_empty(),
        "docs/signals.md lists metrics that no service exposes: {gone:?}"
    );
}
