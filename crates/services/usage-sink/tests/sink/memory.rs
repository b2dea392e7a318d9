//! The memory of the process while it handles the maximum number of hostile deliveries.

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::postgres;

use crate::refused::NOWHERE;
use crate::support::{gzip, line, lines, post, start_at, start_ready};

/// The share of the container's limit of 48 MB that is left for deliveries: the program and a full
/// queue of spans take some 15 MB. On a busy machine deliveries have taken 27 MB, otherwise 22.
const ROOM: u64 = 32 << 20;

/// The largest body accepted.
const LARGEST: usize = 2 << 20;

/// `item`, separated by commas, as often as it fits between `before` and `after`.
fn filled(before: &str, item: &str, after: &str) -> String {
    let room = LARGEST - before.len() - after.len() - item.len();
    let more = format!(",{item}").repeat(room / (item.len() + 1));
    format!("{before}{item}{more}{after}")
}

/// A delivery with as many records with this text as fit and are allowed.
fn records(text: &str) -> String {
    let record = json!({ "body": { "stringValue": text } }).to_string();
    let count = (LARGEST - 100) / (record.len() + 1);
    let records = vec![record; count.min(10_000)].join(",");
    format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{records}]}}]}}]}}")
}

/// Events with different ids, of minimum or maximum size.
fn events(username: &str, count: u128) -> String {
    let events = (1..=count).map(|number| {
        let mut event = line("roll", number);
        event["username"] = json!(username);
        for unused in ["level", "message", "usage", "logger", "span_id"] {
            event.as_object_mut().expect("an object").remove(unused);
        }
        event
    });
    let delivery = lines(&events.collect::<Vec<Value>>()).to_string();
    assert!(delivery.len() <= LARGEST, "{} bytes", delivery.len());
    delivery
}

/// Bodies of maximum size, compressed or not.
fn hostile() -> Vec<String> {
    let list = |item: &str| format!("[{}]", vec![item; 16_000 / (item.len() + 1)].join(","));
    let keys = (0..1_500).map(|key| format!("\"{key}\":0"));
    let keys = format!("{{{}}}", keys.collect::<Vec<_>>().join(","));
    vec![
        filled("{\"resourceLogs\":[", "{}", "]}"),
        filled("{\"resourceLogs\":[{\"scopeLogs\":[", "{}", "]}]}"),
        filled("{\"x\":[", "[]", "]}"),
        records(""),
        records(&list("[]")),
        records(&keys),
        records(&"x".repeat(LARGEST - 1_000)),
        records(&"x".repeat(16_000)),
        events("", 4_000),
        events(&"\u{1F3B2}".repeat(256), 1_000),
        " ".repeat(LARGEST),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_deliveries_fit_in_the_container() {
    let database = postgres().await;
    let sink = match &database {
        Some(postgres) => start_ready(postgres, &[]).await,
        None => start_at(NOWHERE, &[]).await,
    };
    let json = ("content-type", "application/json");
    let packed = [json, ("content-encoding", "gzip")];
    post(&sink, &packed, gzip(b"{}")).await;
    let before = sink.memory().peak;
    let bomb = gzip(&vec![b' '; 200 << 20]);
    for body in hostile() {
        let (plain, gzip) = (body.as_bytes().to_vec(), gzip(body.as_bytes()));
        let earlier = sink.memory().peak;
        for (headers, body) in [(&packed[..1], &plain), (&packed, &gzip), (&packed, &bomb)] {
            let deliveries = (0..4).map(|_| post(&sink, headers, body.clone()));
            let answers = join_all(deliveries).await;
            let statuses: Vec<u16> = answers.iter().map(|it| it.status().as_u16()).collect();
            let is_known = |status: &u16| [200, 400, 413, 503].contains(status);
            assert!(statuses.iter().all(is_known), "{statuses:?}");
        }
        let grown = sink.memory().peak.saturating_sub(earlier) >> 10;
        println!("{grown} KiB more for {}", &body[..body.len().min(60)]);
    }
    let grown = sink.memory().peak.saturating_sub(before);
    println!("{} KiB before, {} KiB more", before >> 10, grown >> 10);
    assert!(grown < ROOM, "grew by {} KiB", grown >> 10);
}
