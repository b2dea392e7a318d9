//! Only a whole trace counts, unless not all are kept, and Alloy's backlog is found in its metrics.

use serde_json::Value;

use crate::patient::{Fault, Patient};
use crate::{examine, row};

const TRACED: &str = "trace in Tempo";
const HANDED_ON: &str = "handed on by Alloy";

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_trace_is_waited_for_until_all_its_spans_are_there() {
    for (stage, whole) in [(1, "2 of 2"), (2, "4 of 4"), (4, "7 of 7"), (5, "8 of 8")] {
        let patient = Patient::at_stage(stage, &[Fault::LateSpans]).await;
        let (code, report) = examine(&patient, &["--patience=10s"]).await;
        assert_eq!(code, 0, "{report:#}");
        let saw = text(row(&report, TRACED), "saw");
        assert!(saw.starts_with(&format!("{whole} spans")), "{stage}: {saw}");
    }
}

#[tokio::test]
async fn a_trace_with_a_gap_points_to_the_counter_of_losses() {
    let patient = Patient::with(&[Fault::LostSpan]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 1, "{report:#}");
    let row = row(&report, TRACED);
    let saw = text(row, "saw");
    assert!(saw.starts_with("6 of 7 spans"), "{saw}");
    assert!(saw.contains("1 have no parent"), "{saw}");
    let cause = text(row, "likely_cause");
    assert!(cause.contains("telemetry_spans_total"), "{cause}");
    assert!(cause.contains("dice-roller"), "{cause}");
}

#[tokio::test]
async fn duplicate_spans_are_counted_once_and_reported() {
    let patient = Patient::with(&[Fault::ResentSpans]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 0, "{report:#}");
    let saw = text(row(&report, TRACED), "saw");
    assert!(saw.starts_with("7 of 7 spans"), "{saw}");
    assert!(saw.contains("4 spans received twice"), "{saw}");
}

#[tokio::test]
async fn data_that_alloy_cannot_forward_is_found_in_its_metrics() {
    for (fault, saw) in [
        (Fault::LokiAway, "loki.write.loki sent"),
        (
            Fault::TempoAway,
            "3 batches wait in otelcol.exporter.otlphttp.tempo",
        ),
    ] {
        let patient = Patient::with(&[fault]).await;
        let (code, report) = examine(&patient, &[]).await;
        assert_eq!(code, 1, "{report:#}");
        let row = row(&report, HANDED_ON);
        assert!(text(row, "saw").contains(saw), "{row:#}");
        let command = text(row, "command");
        for metric in [
            "loki_write_batch_retries_total",
            "otelcol_exporter_queue_size",
        ] {
            assert!(command.contains(metric), "{command}");
        }
    }
    let patient = Patient::with(&[]).await;
    let (_, report) = examine(&patient, &[]).await;
    let saw = text(row(&report, HANDED_ON), "saw");
    assert_eq!(saw, "no queue and no retries now; 12 since it started");
}

#[tokio::test]
async fn losses_during_the_examination_are_failures_and_earlier_ones_are_reported() {
    const NOTHING_LOST: &str = "nothing lost on the way";
    let patient = Patient::with(&[Fault::SpansRejected]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 1, "{report:#}");
    let lost = row(&report, NOTHING_LOST);
    assert_eq!(lost["state"], "broken");
    assert_eq!(text(lost, "saw"), "dice-roller: spans rejected 4");

    let patient = Patient::with(&[Fault::EarlierLosses]).await;
    let (code, report) = examine(&patient, &[]).await;
    assert_eq!(code, 0, "{report:#}");
    let saw = text(row(&report, NOTHING_LOST), "saw");
    assert_eq!(
        saw,
        "nothing now; earlier dice-roller: log lines write_failed 12"
    );
}

#[tokio::test]
async fn what_is_not_kept_on_purpose_is_not_broken() {
    let patient = Patient::with(&[Fault::NoTrace, Fault::NoLines]).await;
    let savings = ["--head-sampling=0.1", "--dropped-log-levels=DEBUG|INFO"];
    let (code, report) = examine(&patient, &savings).await;
    assert_eq!(code, 0, "{report:#}");
    for hop in [TRACED, "log lines in Loki", "exemplar in Prometheus"] {
        assert_eq!(row(&report, hop)["state"], "not_kept", "{report:#}");
    }
    let (code, report) = examine(&patient, &["--tail-sampling"]).await;
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(row(&report, TRACED)["state"], "not_kept", "{report:#}");
    assert_eq!(
        row(&report, "log lines in Loki")["state"],
        "broken",
        "{report:#}"
    );
}

#[tokio::test]
async fn a_part_of_a_trace_is_broken_with_sampling_as_well() {
    let patient = Patient::with(&[Fault::LostSpan]).await;
    let (code, report) = examine(&patient, &["--tail-sampling"]).await;
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(row(&report, TRACED)["state"], "broken", "{report:#}");
}

#[tokio::test]
async fn lines_of_other_levels_are_expected() {
    let patient = Patient::with(&[]).await;
    let (code, report) = examine(&patient, &["--dropped-log-levels=DEBUG"]).await;
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        row(&report, "log lines in Loki")["state"],
        "ok",
        "{report:#}"
    );
}
