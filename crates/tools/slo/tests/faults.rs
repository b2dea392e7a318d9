//! The alerts that the table of faults names exist: a fault can raise them.

use faults::{Alert, Fault};

#[test]
fn every_alert_of_the_table_of_faults_exists() {
    let alerts = slo::alerts().expect("alerts that can fire");
    for fault in Fault::ALL {
        let spec = fault.spec();
        let raised = match spec.alert {
            Alert::Raises(name) => Some(name),
            _ => None,
        };
        for name in raised.iter().chain(spec.further_alerts) {
            assert!(
                alerts.contains(name),
                "{}: {name} does not exist",
                spec.name
            );
        }
    }
}
