//! Do alerts reach Alertmanager? One of them, Watchdog, always fires, to show that they do.

use std::collections::BTreeSet;

use signals::alertmanager::Alert;

use crate::ask::patiently;
use crate::examination::Doctor;
use crate::hops::Backend;
use crate::report::Finding;

/// The alert that always fires.
const WATCHDOG: &str = "Watchdog";

pub(crate) async fn alerted(doctor: &Doctor<'_>) -> Result<String, Finding> {
    Backend::Alertmanager.ready(doctor).await?;
    patiently(doctor.cli.patience, || look(doctor)).await
}

async fn look(doctor: &Doctor<'_>) -> Result<String, Finding> {
    let answer = doctor.alertmanager().alerts().await;
    let alerts = answer.map_err(|error| doctor.kind.no_answer("alertmanager", &error))?;
    if !alerts.iter().any(|alert| alert.name() == WATCHDOG) {
        return Err(Finding {
            saw: format!("{WATCHDOG}, which always fires, is not among its alerts"),
            cause: "Prometheus has not loaded its rules, or cannot reach Alertmanager".to_owned(),
            command: doctor.kind.look_at("prometheus"),
        });
    }
    Ok(firing(&alerts))
}

/// The names of the alerts that need a person. They are no fault of the path that is examined here.
fn firing(alerts: &[Alert]) -> String {
    let others = alerts
        .iter()
        .filter(|alert| alert.name() != WATCHDOG && alert.is_notified());
    let names: BTreeSet<_> = others.map(Alert::name).collect();
    match names.is_empty() {
        true => format!("{WATCHDOG}, which always fires, and no other alert"),
        false => {
            let names: Vec<_> = names.into_iter().collect();
            format!("{WATCHDOG}; also firing: {}", names.join(", "))
        }
    }
}
