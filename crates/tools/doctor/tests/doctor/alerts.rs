//! The hop from Prometheus to Alertmanager.

use crate::patient::{Fault, Patient};
use crate::{examine, finds, row};

const HOP: &str = "alerts in Alertmanager";

#[tokio::test]
async fn without_the_alert_that_always_fires_no_alert_would_arrive() {
    finds(
        Fault::NoWatchdog,
        HOP,
        "cannot reach Alertmanager",
        "logs --tail 30 prometheus",
    )
    .await;
}

#[tokio::test]
async fn other_alerts_are_named_once_and_are_no_fault_of_the_way() {
    let patient = Patient::with(&[Fault::AlertsFire]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 0, "{report:#}");
    // ProbeFailing is held back: another alert explains it.
    let saw = &row(&report, HOP)["saw"];
    assert_eq!(saw, "Watchdog; also firing: TargetDown", "{report:#}");
}
