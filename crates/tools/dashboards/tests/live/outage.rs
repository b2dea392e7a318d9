//! PostgreSQL of stage 5 is stopped under load and started again: every service in front of it
//! reports the outage and recovers by itself.

use crate::expected::{self, Expected, LESS, MORE, ONE, ZERO};
use crate::prometheus::Prometheus;
use crate::running_stage::RunningStage;
use crate::system::System;

const FILE: &str = "stage5-dashboard.json";

const DURING: [Expected; 8] = [
    (FILE, "Services Up", ("service", "postgres"), ZERO),
    (FILE, "PostgreSQL Up", ("", ""), ZERO),
    (FILE, "Database Operations", ("result", "error"), MORE),
    (
        FILE,
        "503 Answers by Service",
        ("service", "die-service"),
        MORE,
    ),
    (
        FILE,
        "503 Answers by Service",
        ("service", "dice-roller"),
        MORE,
    ),
    (
        FILE,
        "503 Answers by Service",
        ("service", "frontend"),
        MORE,
    ),
    (
        FILE,
        "Database as Its Callers See It",
        ("service", "die-service"),
        LESS,
    ),
    (FILE, "Availability in Range", ("", ""), LESS),
];

const AFTER: [Expected; 4] = [
    (FILE, "Services Up", ("service", "postgres"), ONE),
    (FILE, "PostgreSQL Up", ("", ""), ONE),
    (
        FILE,
        "503 Answers by Service",
        ("service", "die-service"),
        ZERO,
    ),
    (
        FILE,
        "Database as Its Callers See It",
        ("service", "die-service"),
        ONE,
    ),
];

/// Makes a statement fail in every database.
pub(crate) async fn make_mistakes(system: &System) {
    for postgres in system.stages().filter_map(|stage| stage.postgres.as_ref()) {
        postgres.make_mistakes().await;
    }
}

/// Returns no problems if `stage` does not run.
pub(crate) async fn check(prometheus: &Prometheus, stage: Option<&RunningStage>) -> Vec<String> {
    let Some(postgres) = stage.and_then(|stage| stage.postgres.as_ref()) else {
        return Vec::new();
    };
    postgres.stop().await;
    let mut problems = expected::check(prometheus, "outage", &DURING).await;
    postgres.start_again().await;
    problems.extend(expected::check(prometheus, "recovered", &AFTER).await);
    problems
}
