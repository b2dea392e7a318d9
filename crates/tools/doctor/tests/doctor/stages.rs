//! Each stage has its own services, and so its own hops.

use serde_json::Value;

use crate::patient::{Fault, Patient, TRACE_ID};
use crate::{HOPS, examine, row};

const STORED: &str = "usage event stored";

#[tokio::test]
async fn every_stage_has_the_hops_of_its_services() {
    let three = ["frontend", "dice-roller", "die-service"];
    for stage in 1..=6 {
        let services: &[&str] = match stage {
            1 => &["dice-roller"],
            2 => &["frontend", "dice-roller"],
            _ => &three,
        };
        let patient = Patient::at_stage(stage, &[]).await;
        let (code, report) = examine(&patient, &[]).await;
        assert_eq!(code, 0, "{report:#}");
        let hops = report["hops"].as_array().expect("a list").len();
        assert_eq!(hops, HOPS.len() + usize::from(stage == 6), "{report:#}");
        for hop in HOPS {
            assert_eq!(row(&report, hop)["state"], "ok", "{report:#}");
        }
        for hop in ["services healthy", "trace in Tempo", "log lines in Loki"] {
            let saw = said(&report, hop);
            for service in three {
                let expected = services.contains(&service);
                assert_eq!(saw.contains(service), expected, "{hop}: {saw}");
            }
        }
        let queries = said(&report, "trace in Tempo").contains("SELECT dice");
        assert_eq!(queries, stage >= 5, "{report:#}");
        let targets = 1 + services.len() + usize::from(stage >= 5) + usize::from(stage == 6);
        let scraped = said(&report, "scraped by Prometheus");
        assert!(
            scraped.starts_with(&format!("{targets} targets up")),
            "{scraped}"
        );
    }
}

#[tokio::test]
async fn without_a_frontend_the_roll_gets_a_trace_id_from_the_doctor() {
    let patient = Patient::at_stage(1, &[]).await;
    let (_, report) = examine(&patient, &[]).await;
    let trace_id = report["trace_id"].as_str().expect("followed");
    assert_ne!(trace_id, TRACE_ID);
    assert!(said(&report, "one roll").contains(trace_id), "{report:#}");
}

#[tokio::test]
async fn a_trace_without_the_query_points_to_the_database() {
    let patient = Patient::at_stage(5, &[Fault::NoQuery]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 1, "{report:#}");
    let row = row(&report, "trace in Tempo");
    assert!(row["saw"].to_string().contains("no SELECT dice"), "{row:#}");
    assert!(
        row["likely_cause"].to_string().contains("DATABASE_URL"),
        "{row:#}"
    );
}

#[tokio::test]
async fn a_usage_event_that_is_not_stored_points_to_the_routes() {
    let patient = Patient::at_stage(6, &[Fault::EventLost]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 1, "{report:#}");
    let row = row(&report, STORED);
    assert_eq!(row["state"], "broken", "{row:#}");
    assert!(
        row["likely_cause"].to_string().contains("LOG_ROUTES"),
        "{row:#}"
    );
    assert!(row["command"].to_string().contains("usage-sink"), "{row:#}");
}

#[tokio::test]
async fn without_a_roll_there_is_no_usage_event_to_look_for() {
    let patient = Patient::at_stage(6, &[Fault::RollFails]).await;
    let (_, report) = examine(&patient, &[]).await;
    assert_eq!(row(&report, STORED)["state"], "not_reached");
}

#[tokio::test]
async fn for_a_stage_that_does_not_run_the_report_has_the_command_that_starts_it() {
    let (_, report) = examine(&Patient::gone(6), &[]).await;
    let command = row(&report, "services healthy")["command"].clone();
    let expected = "docker compose --env-file stack/stages/6.env up -d --wait --remove-orphans";
    assert_eq!(command, expected);
    let (_, report) = examine(&Patient::gone(2), &["--runner=demo"]).await;
    let command = row(&report, "services healthy")["command"].clone();
    assert_eq!(command, "cargo run --release -- --stage 2");
}

fn said(report: &Value, hop: &str) -> String {
    row(report, hop)["saw"].as_str().expect("text").to_owned()
}
