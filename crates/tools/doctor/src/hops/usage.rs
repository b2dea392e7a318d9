//! Did the usage event of the roll become a row? Only stage 6 stores usage events.

use url::Url;

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::hops::alloy_ready;
use crate::report::Finding;

/// The series that the roll increments a few seconds later, because lines are sent in batches.
const SERIES: &str = r#"usage_events_total{event_type="roll",outcome="stored"}"#;

/// Reads usage-sink's own /metrics.
pub(crate) async fn rolls_stored(doctor: &Doctor<'_>, sink: &Url) -> Result<f64, Finding> {
    let metrics = doctor.metrics("usage-sink", sink).await?;
    let rolls = [("event_type", "roll"), ("outcome", "stored")];
    let stored = metrics.sum("usage_events_total", &rolls);
    stored.ok_or_else(|| Finding {
        saw: format!("/metrics of usage-sink has no {SERIES}"),
        cause: "the server at this URL is not usage-sink".to_owned(),
        command: doctor.kind.look_at("usage-sink"),
    })
}

/// Whether there is one more than `before`.
pub(crate) async fn stored(
    doctor: &Doctor<'_>,
    sink: &Url,
    before: Result<f64, Finding>,
) -> Result<String, Finding> {
    let before = before?;
    let grown = async || match rolls_stored(doctor, sink).await {
        Ok(now) if now > before => Ok(now),
        Ok(now) => Err(Finding {
            saw: format!("{SERIES} was {before} and is {now}"),
            cause: "usage lines are not routed to usage-sink (LOG_ROUTES), or it cannot store them"
                .to_owned(),
            command: doctor.kind.look_at("usage-sink postgres"),
        }),
        Err(finding) => Err(finding),
    };
    match patiently(doctor.cli.patience, grown).await {
        Ok(now) => Ok(format!("{SERIES} from {before} to {now}")),
        Err(finding) => {
            alloy_ready(doctor, &finding.saw).await?;
            Err(finding)
        }
    }
}
