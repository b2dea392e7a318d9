//! Lines that are lost, by reason. What the writer says of it on standard error is a matter of the
//! process, and of the demo's tests.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use crate::support::Pipeline;

const DROPPED: &str = "telemetry_log_lines_dropped_total";

#[test]
fn lines_that_cannot_be_written_are_counted() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        testkit::skip("there is no /dev/full");
        return;
    };
    let pipeline = Pipeline::writing(&full);
    assert_eq!(pipeline.metrics().sum(DROPPED, &[]), 0.0);
    pipeline.make_lines(4);
    pipeline.becomes(DROPPED, "reason=\"write_failed\"", 4.0);
    assert_eq!(pipeline.metrics().sum(DROPPED, &[]), 4.0);
}

#[test]
fn lines_beyond_what_may_wait_for_a_slow_reader_are_counted_and_the_others_arrive_whole() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let pipeline = Pipeline::writing(&OwnedFd::from(writer));
    // Twice what may wait: each line has more than 100 bytes.
    let lines = 80_000;
    pipeline.make_lines(lines);
    let metrics = pipeline.metrics();
    let dropped = metrics.value(DROPPED, &["reason=\"queue_full\""]);
    assert!(dropped > 0.0, "{dropped}");
    assert_eq!(metrics.sum(DROPPED, &[]), dropped);
    let read = std::thread::spawn(|| read(reader));
    pipeline.end();
    let read = read.join().expect("lines");
    assert_eq!(read as f64 + dropped, lines as f64);
}

/// The lines in a pipe up to its end, each of them whole.
fn read(mut reader: impl Read) -> usize {
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    let lines = text.lines();
    let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect(line));
    lines.count()
}

#[test]
fn losses_of_lines_are_those_of_their_pipeline() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        testkit::skip("there is no /dev/full");
        return;
    };
    let bad = Pipeline::writing(&full);
    let good = Pipeline::to("http://127.0.0.1:9", &["--otel-disabled"]);
    bad.make_lines(2);
    good.make_lines(3);
    bad.becomes(DROPPED, "reason=\"write_failed\"", 2.0);
    assert_eq!(good.metrics().sum(DROPPED, &[]), 0.0);
    let lines = good.end();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[2]["logger"], "observed");
    assert_eq!(lines[2]["number"], 2);
}
