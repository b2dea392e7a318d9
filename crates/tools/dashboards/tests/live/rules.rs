//! The rules of the objectives and alerts: Prometheus evaluates each without an error, and every
//! recorded series has data.

use std::time::{Duration, Instant, SystemTime};

use slo::Clock;
use slo::rules::Record;

use crate::prometheus::Prometheus;
use crate::support::board::{list, text};

/// Exists only while a budget is being spent too fast.
const SOMETIMES: &str = "slo:budget_exhaustion:seconds";

/// Slow groups are evaluated every 15 s, at a moment of their own.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Problems of the rules.
pub(crate) async fn check(prometheus: &Prometheus) -> Vec<String> {
    let groups = slo::rules::groups(Clock::Day, &slo::slos()).expect("alerts that can fire");
    let records = groups.iter().flat_map(slo::rules::Group::records);
    let records: Vec<_> = records.filter(|it| it.name != SOMETIMES).collect();
    let start = Instant::now();
    let mut missing = without_data(prometheus, &records).await;
    while !missing.is_empty() && start.elapsed() < TIMEOUT {
        tokio::time::sleep(Duration::from_millis(500)).await;
        missing = without_data(prometheus, &missing).await;
    }
    let missing = missing.iter().map(|record| format!("{record:?}: no data"));
    let mut problems: Vec<_> = missing.collect();
    let evaluated = prometheus.rule_groups().await;
    assert_eq!(evaluated.len(), groups.len(), "groups of rules");
    for rule in evaluated.iter().flat_map(|group| list(group, "rules")) {
        if rule["health"] != "ok" {
            let (name, error) = (text(rule, "name"), text(rule, "lastError"));
            problems.push(format!("rule {name} is {}: {error}", rule["health"]));
        }
    }
    problems.extend(runbooks(prometheus).await);
    println!(
        "rules: {} records checked after {:.0} s",
        records.len(),
        start.elapsed().as_secs_f64()
    );
    problems
}

/// Runs every PromQL query of every runbook.
async fn runbooks(prometheus: &Prometheus) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut answered, mut empty) = (0, 0);
    for runbook in slo::runbook::read_all().expect("the runbooks can be read") {
        let queries = runbook.queries().into_iter();
        for query in queries.filter(|query| query.language == "promql") {
            let answer = prometheus.range(&query.text, true, SystemTime::now());
            match answer.await {
                Ok(series) if series.is_empty() => empty += 1,
                Ok(_) => answered += 1,
                Err(error) => problems.push(format!("{}: {query:?}: {error}", runbook.alert)),
            }
        }
    }
    println!("runbooks: {answered} queries have a result, {empty} have none without a fault");
    if answered < empty {
        problems.push("most queries of the runbooks have no result".to_owned());
    }
    problems
}

async fn without_data<'a>(prometheus: &Prometheus, records: &[&'a Record]) -> Vec<&'a Record> {
    let mut missing = Vec::new();
    for record in records {
        let labels = record.labels.iter();
        let labels: Vec<_> = labels
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        let series = format!("{}{{{}}}", record.name, labels.join(","));
        let found = prometheus.range(&series, true, SystemTime::now()).await;
        if !found.is_ok_and(|found| !found.is_empty()) {
            missing.push(*record);
        }
    }
    missing
}

/// Waits until the alerts of what is broken fire.
pub(crate) async fn check_broken(prometheus: &Prometheus) {
    for (what, labels) in [
        (
            "die-service to be reported",
            r#"alertname="TargetDown",severity="page",job="die-service-stage4""#,
        ),
        (
            "lost workers to be reported",
            r#"alertname="WorkersLost",worker_type="backtest""#,
        ),
    ] {
        let firing = format!(r#"ALERTS{{alertstate="firing",{labels}}}"#);
        prometheus.until(what, &firing).await;
    }
}
