//! Alertmanager with the stack's configuration: one cause pages once.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Alertmanager, skip_without};

const CONFIG: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../stack/alertmanager/alertmanager.yml"
);

/// An alert by its labels.
type Labels<'a> = &'a [(&'a str, &'a str)];

/// Alertmanager with the stack's configuration.
struct Stack(Alertmanager);

impl Stack {
    /// None if the program is missing.
    async fn start() -> Option<Self> {
        if !Alertmanager::is_there() {
            skip_without("the program prometheus-alertmanager");
            return None;
        }
        Some(Self(Alertmanager::start(Path::new(CONFIG)).await))
    }

    /// Sends alerts as Prometheus does.
    async fn receive(&self, alerts: &[Labels<'_>]) {
        let alerts = alerts.iter().map(|labels| {
            let labels: serde_json::Map<String, Value> = labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            json!({ "labels": labels })
        });
        let sent = testkit::client()
            .post(self.0.alerts_url())
            .json(&alerts.collect::<Vec<_>>())
            .send()
            .await;
        assert_eq!(sent.expect("it answers").status(), 200);
    }

    /// Waits until exactly these alerts are neither inhibited nor new, as `alertname severity`.
    async fn notifies(&self, wanted: &[&str]) {
        let active = async || {
            let alerts = self.0.alerts().await;
            let mut active: Vec<_> = alerts
                .iter()
                .filter(|alert| alert.is_notified())
                .map(|alert| {
                    let severity = alert.label("severity");
                    format!("{} {severity} {}", alert.name(), alert.status.state)
                })
                .collect();
            active.sort();
            active
        };
        let wanted: Vec<_> = wanted
            .iter()
            .map(|alert| format!("{alert} active"))
            .collect();
        testkit::becomes("the alerts that are not inhibited", wanted, active).await;
    }
}

const DIE_SERVICE_DOWN: Labels<'_> = &[
    ("alertname", "TargetDown"),
    ("severity", "page"),
    ("service", "die-service"),
    ("job", "die-service-stage4"),
];
const ROLLS_FAIL: Labels<'_> = &[
    ("alertname", "RollAvailabilityBudgetBurn"),
    ("severity", "page"),
    ("slo", "roll-availability"),
];
const ROLLS_FAIL_TICKET: Labels<'_> = &[
    ("alertname", "RollAvailabilityBudgetBurn"),
    ("severity", "ticket"),
    ("slo", "roll-availability"),
];
const PROBES_FAIL: Labels<'_> = &[
    ("alertname", "ProbeFailing"),
    ("severity", "page"),
    ("die", "fair"),
];
const KTRDR_FAILS: Labels<'_> = &[
    ("alertname", "KtrdrOperationsBudgetBurn"),
    ("severity", "page"),
    ("slo", "ktrdr-operations"),
];
const LOKI_DOWN: Labels<'_> = &[
    ("alertname", "TargetDown"),
    ("severity", "ticket"),
    ("job", "loki"),
];

#[tokio::test]
async fn failing_rolls_page_once_although_probes_fail_and_a_ticket_is_due() {
    let Some(alertmanager) = Stack::start().await else {
        return;
    };
    alertmanager
        .receive(&[ROLLS_FAIL, ROLLS_FAIL_TICKET, PROBES_FAIL])
        .await;
    alertmanager
        .notifies(&["RollAvailabilityBudgetBurn page"])
        .await;
}

#[tokio::test]
async fn a_dead_die_service_pages_once_and_hides_no_other_cause() {
    let Some(alertmanager) = Stack::start().await else {
        return;
    };
    let all = [
        DIE_SERVICE_DOWN,
        ROLLS_FAIL,
        ROLLS_FAIL_TICKET,
        PROBES_FAIL,
        KTRDR_FAILS,
        LOKI_DOWN,
    ];
    alertmanager.receive(&all).await;
    let wanted = [
        "KtrdrOperationsBudgetBurn page",
        "TargetDown page",
        "TargetDown ticket",
    ];
    alertmanager.notifies(&wanted).await;
}

/// A rule about an alert that does not exist inhibits nothing.
#[test]
fn every_alert_that_the_configuration_names_exists() {
    let config = std::fs::read_to_string(Path::new(CONFIG)).expect("it exists");
    let alerts = slo::alerts().expect("alerts that can fire");
    let named = config.split("alertname=").skip(1);
    let named = named.filter_map(|rest| rest.trim_start_matches('~').split('"').nth(1));
    let named: Vec<_> = named.flat_map(|names| names.split('|')).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(alerts.contains(&name), "{name} does not exist");
    }
}
