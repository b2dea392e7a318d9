//! Did the usage event of the roll become a row? Stage 6 alone has a place for it.

use url::Url;

use crate::ask::{endpoint, patiently, text};
use crate::examination::Doctor;
use crate::hops::alloy_ready;
use crate::report::Trouble;

/// The series that the roll moves, some seconds later: lines are sent in batches.
const SERIES: &str = r#"usage_events_total{event_type="roll",outcome="stored"}"#;

/// What usage-sink's own /metrics says now.
pub(crate) async fn rolls_stored(doctor: &Doctor<'_>, sink: &Url) -> Result<f64, Trouble> {
    let metrics = text(&doctor.client, endpoint(sink, "/metrics", &[])).await;
    let metrics = metrics.map_err(|silence| doctor.kind.silent("usage-sink", &silence))?;
    let rolls = [("event_type", "roll"), ("outcome", "stored")];
    super::sum(&metrics, "usage_events_total", &rolls).ok_or_else(|| Trouble {
        saw: format!("/metrics of usage-sink has no {SERIES}"),
        cause: "what answers there is not usage-sink".to_owned(),
        command: doctor.kind.look_at("usage-sink"),
    })
}

/// Whether there is one more than `before`.
pub(crate) async fn stored(
    doctor: &Doctor<'_>,
    sink: &Url,
    before: Result<f64, Trouble>,
) -> Result<String, Trouble> {
    let before = before?;
    let grown = async || match rolls_stored(doctor, sink).await {
        Ok(now) if now > before => Ok(now),
        Ok(now) => Err(Trouble {
            saw: format!("{SERIES} was {before} and is {now}"),
            cause: "usage lines are not routed to usage-sink (LOG_ROUTES), or it cannot store them"
                .to_owned(),
            command: doctor.kind.look_at("usage-sink postgres"),
        }),
        Err(trouble) => Err(trouble),
    };
    match patiently(doctor.cli.patience, grown).await {
        Ok(now) => Ok(format!("{SERIES} from {before} to {now}")),
        Err(trouble) => {
            alloy_ready(doctor, &trouble.saw).await?;
            Err(trouble)
        }
    }
}
